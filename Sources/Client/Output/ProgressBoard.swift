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
    }

    private struct State {
        var items: [Int: Item] = [:]
        var next = 0
        var files = 0
        /// Of files that have ended.
        var bytes: Int64 = 0
        /// Sent or received, what was repeated included.
        var moved: Int64 = 0
        var all: (files: Int, bytes: Int64)?
        var meter = RateMeter()
    }

    /// More than libcurl asks for at once: a greater step is one over what was there already.
    private static let largestPiece: Int64 = 1 << 20

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    public init() {}

    package func begin(_ name: String, size: Int64) -> Int {
        state.withLock { state in
            state.next += 1
            state.items[state.next] = Item(name: name, size: size)
            return state.next
        }
    }

    package func update(_ item: Int, _ position: Int64) {
        state.withLock { state in
            guard let step = state.items[item].map({ position - $0.position }) else { return }
            state.items[item]?.position = position
            if step > 0, step <= Self.largestPiece { state.moved += step }
        }
    }

    package func end(_ item: Int, isDone: Bool) {
        state.withLock { state in
            guard let ended = state.items.removeValue(forKey: item), isDone else { return }
            state.files += 1
            state.bytes += ended.size
        }
    }

    /// What there is to do in all.
    public func expect(files: Int, bytes: Int64) {
        state.withLock { $0.all = (files, bytes) }
    }

    package func snapshot(at time: Duration? = nil) -> Snapshot {
        state.withLock { state in
            state.meter.add(state.moved, at: time ?? ContinuousClock.now - start)
            let active = state.items.sorted { $0.key < $1.key }.map(\.value)
            return Snapshot(
                active: active, files: state.files, bytes: state.bytes + active.reduce(0) { $0 + $1.position },
                allFiles: state.all?.files, allBytes: state.all?.bytes, rate: state.meter.rate)
        }
    }
}
