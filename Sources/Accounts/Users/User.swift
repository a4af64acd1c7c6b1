public import FoundationEssentials
public import Platform

/// A person or a machine that owns files.
public struct User: Sendable, Hashable, Identifiable {
    public let id: UserID
    public let name: String
    public let email: String
    public let createdAt: Date
}

extension User: CustomStringConvertible {
    /// Safe to log: without name and address.
    public var description: String { "user \(id)" }
}
