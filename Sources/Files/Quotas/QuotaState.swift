/// What a user may be told about the own quota.
public struct QuotaState: Sendable, Hashable {
    public let use: QuotaUse
    /// Promised to uploads that are under way.
    public let reservedBytes: Int64
    public let reservedFiles: Int64
}
