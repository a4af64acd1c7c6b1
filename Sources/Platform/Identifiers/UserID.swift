/// The number of a user, as Postgres assigned it.
///
/// It lives here because `Accounts` issues it and `Files` stores it, and neither may import the other.
public struct UserID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Decimal digits; safe in a path, a Redis key and a log line.
    public var description: String { String(rawValue) }
}
