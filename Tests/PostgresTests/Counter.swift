import Synchronization

/// Counts calls from any thread.
final class Counter: Sendable {
    private let state = Atomic(0)

    var value: Int { state.load(ordering: .relaxed) }

    @discardableResult
    func increment() -> Int {
        state.add(1, ordering: .relaxed).newValue
    }
}
