public import FoundationEssentials

/// One of the sessions in which a user is signed in, as the user sees them.
public struct SessionSummary: Sendable, Hashable, Identifiable {
    /// For ending it: a digest, from which the identifier cannot be had.
    public let id: String
    public let device: String
    public let network: String
    public let openedAt: Date
    public let lastUsedAt: Date
    public let absoluteEnd: Date
    /// Whether it is the one that asked.
    public let isCurrent: Bool
}
