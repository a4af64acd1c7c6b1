/// One thing this process needs in order to do its work.
public struct HealthCheck: Sendable {
    /// Shown by `/ready`.
    public let name: String
    /// Nil means fine; otherwise a few words that are safe to show. Must obey cancellation.
    public let check: @Sendable () async -> String?

    public init(name: String, check: @escaping @Sendable () async -> String?) {
        self.name = name
        self.check = check
    }
}
