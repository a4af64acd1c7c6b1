import DequeModule
import Platform

/// Which of the uploads that wait for their end are next.
///
/// Who has the fewest under way is first, and nobody takes all places. Each upload is tried once between two looks at the rows, so
/// that one that is somebody else's is not tried in a circle.
struct FinishingQueue {
    private struct Delay {
        var backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        var until = ContinuousClock.now
    }

    /// How long after its delay one that was not tried again is remembered.
    private static let memory: Duration = .seconds(60)

    /// How many of one owner may be under way.
    private let share: Int
    /// Whether the rows have nothing more to begin before the next look.
    private(set) var isDry = true
    private var waiting: Deque<UploadRecord> = []
    private var running: [UploadID: UserID] = [:]
    private var tried: Set<UploadID> = []
    private var delays: [UploadID: Delay] = [:]

    init(share: Int) {
        self.share = share
    }

    var count: Int { running.count }

    /// Owners who have their share.
    var full: [UserID] { Set(running.values).filter { load(of: $0) >= share } }

    /// Uploads that are not to be asked for: they run, were tried, or failed not long ago.
    var skipped: [UploadID] {
        Array(tried.union(running.keys).union(delays.filter { $0.value.until > .now }.keys))
    }

    /// Looks at the rows anew, where somebody may have come meanwhile who has waited less and has fewer.
    mutating func look() {
        delays = delays.filter { $0.value.until + Self.memory > .now }
        (isDry, waiting, tried) = (false, [], [])
    }

    /// Takes what the rows have beside those of `full` and `skipped`.
    mutating func add(_ page: [UploadRecord]) {
        isDry = page.isEmpty
        waiting += page
    }

    /// The next one, from here on running; nil where the rows have to be asked.
    mutating func next() -> UploadRecord? {
        let index = waiting.indices.min { load(of: waiting[$0].owner) < load(of: waiting[$1].owner) }
        guard let index, load(of: waiting[index].owner) < share else { return nil }
        let record = waiting.remove(at: index)
        running[record.id] = record.owner
        tried.insert(record.id)
        return record
    }

    /// - Parameter hasFailed: whether to wait before it is tried again, longer each time.
    mutating func ended(_ id: UploadID, hasFailed: Bool) {
        running[id] = nil
        guard hasFailed else { return }
        var delay = delays[id] ?? Delay()
        delay.until = .now + delay.backoff.next()
        delays[id] = delay
    }

    private func load(of owner: UserID) -> Int { running.values.count { $0 == owner } }
}
