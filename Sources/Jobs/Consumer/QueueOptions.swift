/// How a worker serves one queue.
public struct QueueOptions: Sendable {
    public var name: String
    /// Handlers that run at the same time in this process; at least 1.
    public var concurrency: Int
    /// How long a job stays with a worker that is not heard of. Renewed every third of it.
    public var leaseDuration: Duration = .seconds(15)
    /// Short jobs only: how many may be claimed beyond the free slots. The worker takes what it runs in about 4 ms, hence
    /// nothing where a job takes longer.
    public var maximumPrefetch = 256
    /// After how many workers lost in a row a job that ran on each of them is taken for poison.
    public var poisonAfter = 3
    /// How long an idle worker waits to be told of work before it looks by itself.
    package var longestWait: Duration = .seconds(30)

    /// - Precondition: `concurrency ≥ 1`.
    public init(_ name: String, concurrency: Int) {
        precondition(concurrency >= 1, "a queue is served by at least one slot")
        self.name = name
        self.concurrency = concurrency
    }
}
