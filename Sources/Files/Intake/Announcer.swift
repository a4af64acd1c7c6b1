/// Tells the queue about new files without making an upload wait for the queue.
struct Announcer: Sendable {
    /// Batches that may wait to be announced. While the queue is down the oldest ones wait and newer ones are left to
    /// Reconcile.
    private static let limit = 256

    private let announce: @Sendable ([FileRecord]) async -> Void
    private let batches: AsyncStream<[FileRecord]>
    private let continuation: AsyncStream<[FileRecord]>.Continuation

    init(announce: @escaping @Sendable ([FileRecord]) async -> Void) {
        self.announce = announce
        (batches, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.limit))
    }

    func announce(_ records: [FileRecord]) {
        guard !records.isEmpty else { return }
        continuation.yield(records)
    }

    /// What was announced before is still passed on; then `run` ends.
    func finish() {
        continuation.finish()
    }

    func run() async {
        for await batch in batches { await announce(batch) }
    }
}
