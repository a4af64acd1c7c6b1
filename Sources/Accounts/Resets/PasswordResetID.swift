public import Platform
public import Postgres

/// The number of a link on its way: all that a job has to know of it. Not a secret.
public struct PasswordResetID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: UUIDv7

    public init(rawValue: UUIDv7) {
        self.rawValue = rawValue
    }

    public var description: String { rawValue.description }
}

extension PasswordResetID: PostgresScalar {}
