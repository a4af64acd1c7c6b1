import DequeModule
import Platform

/// Which of the uploads that wait for their end are next.
///
/// Rows are looked through in passes, a page at a time. A pass waits for nobody: what takes long is skipped by the ones that follow.
struct FinishingQueue {
    private struct Delay {
        var backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        var until = ContinuousClock.now
    }

    /// After which row the next page begins.
    private(set) var position: UploadID?
    /// Whether there are no more pages in this pass.
    private(set) var isOver = true
    private var waiting: Deque<UploadRecord> = []
    private var running: Set<UploadID> = []
    private var delays: [UploadID: Delay] = [:]
    private var seen: Set<UploadID> = []

    var count: Int { running.count }

    /// Begins a pass, if the one before has ended.
    mutating func begin() {
        guard isOver, waiting.isEmpty else { return }
        delays = delays.filter { seen.contains($0.key) }
        (position, isOver, seen) = (nil, false, [])
    }

    /// Takes a page of this pass; an empty one ends it.
    mutating func add(_ page: [UploadRecord]) {
        isOver = page.isEmpty
        position = page.last?.id
        seen.formUnion(page.map(\.id))
        waiting += page
    }

    /// The next one, from here on running; nil where another page is needed, or another pass.
    mutating func next() -> UploadRecord? {
        while let record = waiting.popFirst() {
            guard delays[record.id].map({ $0.until <= .now }) ?? true, running.insert(record.id).inserted else { continue }
            return record
        }
        return nil
    }

    /// - Parameter hasFailed: whether to wait before it is tried again, longer each time.
    mutating func ended(_ id: UploadID, hasFailed: Bool) {
        running.remove(id)
        guard hasFailed else { return }
        var delay = delays[id] ?? Delay()
        delay.until = .now + delay.backoff.next()
        delays[id] = delay
    }
}
