import Synchronization

/// How far all files of a command are.
public final class ProgressBoard: Sendable {
    package struct Item: Sendable, Hashable {
        package let name: String
        package let size: Int64
        package var position: Int64 = 0
    }

    package struct Snapshot: Sendable {
        /// In the order in which they were begun.
        package var active: [Item] = []
        package var files = 0
        package var bytes: Int64 = 0
        /// nil as long as it is not known.
        package var allFiles: Int?
        package var allBytes: Int64?
        package var rate: Double?
        package var timeLeft: Duration?
    }

    private struct State {
        var items: [Int: Item] = [:]
        var next = 0
        /// That are done.
        var files = 0
        var bytes: Int64 = 0
        /// That are not going to be.
        var lost: (files: Int, bytes: Int64) = (0, 0)
        /// Sent or received, what was repeated included, and what was there already left out.
        var moved: (files: Int64, bytes: Int64) = (0, 0)
        var all: (files: Int, bytes: Int64)?
        var meters = (files: RateMeter(), bytes: RateMeter())
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// A board on which nothing is under way; rates count from now on.
    public init() {}

    package func begin(_ name: String, size: Int64) -> Int {
        state.withLock { state in
            state.next += 1
            state.items[state.next] = Item(name: name, size: size)
            return state.next
        }
    }

    /// What is before this position was there already.
    package func start(_ item: Int, at position: Int64) {
        state.withLock { $0.items[item]?.position = position }
    }

    package func update(_ item: Int, _ position: Int64) {
        state.withLock { state in
            guard let step = state.items[item].map({ position - $0.position }) else { return }
            state.items[item]?.position = position
            state.moved.bytes += max(0, step)
        }
    }

    package func end(_ item: Int, isDone: Bool) {
        state.withLock { state in
            guard let ended = state.items.removeValue(forKey: item) else { return }
            state.moved.files += 1
            guard isDone else {
                state.lost.files += 1
                return state.lost.bytes += ended.size
            }
            state.files += 1
            state.bytes += ended.size
        }
    }

    /// A file that an earlier run has sent.
    package func skip(size: Int64) {
        state.withLock { state in
            state.files += 1
            state.bytes += size
        }
    }

    /// What there is to do in all.
    public func expect(files: Int, bytes: Int64) {
        state.withLock { $0.all = (files, bytes) }
    }

    package func snapshot(at time: Duration? = nil) -> Snapshot {
        state.withLock { state in
            let time = time ?? ContinuousClock.now - start
            state.meters.files.add(state.moved.files, at: time)
            state.meters.bytes.add(state.moved.bytes, at: time)
            let active = state.items.sorted { $0.key < $1.key }.map(\.value)
            let bytes = state.bytes + active.reduce(0) { $0 + $1.position }
            return Snapshot(
                active: active, files: state.files, bytes: bytes, allFiles: state.all?.files, allBytes: state.all?.bytes,
                rate: state.meters.bytes.rate, timeLeft: Self.timeLeft(state, bytes))
        }
    }

    /// By bytes for large files and by files for small ones, which take their time however few bytes they have: whichever is longer.
    private static func timeLeft(_ state: State, _ bytes: Int64) -> Duration? {
        guard let all = state.all else { return nil }
        let left = (files: all.files - state.files - state.lost.files, bytes: all.bytes - bytes - state.lost.bytes)
        return [
            state.meters.bytes.time(for: left.bytes), state.meters.files.time(for: Int64(left.files)),
        ].compactMap { $0 }.max()
    }
}
