public import FoundationEssentials
public import Platform

/// A person or a machine that owns files.
public struct User: Sendable, Hashable, Identifiable {
    public let id: UserID
    public let name: String
    public let email: String
    /// May be empty.
    public let fullName: String
    public let isAdmin: Bool
    /// Disabled users keep their files and can do nothing.
    public let isDisabled: Bool
    public let createdAt: Date
}

extension User: CustomStringConvertible {
    /// Safe to log: without name and address.
    public var description: String { "user \(id)" }
}
