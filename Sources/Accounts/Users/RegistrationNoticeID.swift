public import Platform
public import Postgres

/// The number of a mail about a registration with a user's address: all that a job has to know of it. Not a secret.
public struct RegistrationNoticeID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: UUIDv7

    public init(rawValue: UUIDv7) {
        self.rawValue = rawValue
    }

    public var description: String { rawValue.description }
}

extension RegistrationNoticeID: PostgresScalar {}
