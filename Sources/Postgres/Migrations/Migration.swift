/// One step of the schema.
public struct Migration: Sendable, Hashable {
    /// Decides the order; unique.
    public let number: Int
    public let name: String
    /// Any number of statements, without transaction control: each migration runs in a transaction of its own.
    public let sql: String

    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }
}
