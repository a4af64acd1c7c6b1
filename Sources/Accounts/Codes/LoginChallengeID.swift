public import Platform
public import Postgres

/// The number of a login code on its way: all that a job has to know of it. Not a secret; the code also depends on random bytes in
/// the row and on the key.
public struct LoginChallengeID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: UUIDv7

    public init(rawValue: UUIDv7) {
        self.rawValue = rawValue
    }

    public var description: String { rawValue.description }
}

extension LoginChallengeID: PostgresScalar {}
