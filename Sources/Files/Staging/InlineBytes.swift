import Synchronization

/// How many bytes of small files a process may hold in memory between their arrival and their batch.
///
/// Small bodies wait in memory so that one visit to the disk serves a whole batch. A request of a thousand small parts, or a
/// thousand such requests, must not add up: beyond the budget small files take the way of large ones, through the disk.
final class InlineBudget: Sendable {
    private let left: Atomic<Int>

    init(bytes: Int) {
        left = Atomic(bytes)
    }

    /// What a small file costs beside its bytes: the objects that describe it.
    private static let overhead = 1024

    /// Takes what the bytes cost from the budget. Theirs is then all the memory they hold: a body of one byte does not keep the
    /// network's buffer.
    ///
    /// - Returns: the bytes, which give back what they took when nobody holds them any more; nil when there is no room.
    func hold(_ chunk: Chunk) -> InlineBytes? {
        let count = chunk.count + Self.overhead
        guard left.subtract(count, ordering: .relaxed).newValue >= 0 else {
            left.add(count, ordering: .relaxed)
            return nil
        }
        return InlineBytes(chunk: chunk.compacted(), cost: count, budget: self)
    }

    fileprivate func giveBack(_ count: Int) {
        left.add(count, ordering: .relaxed)
    }
}

/// A small file in memory.
final class InlineBytes: Sendable {
    let chunk: Chunk
    private let cost: Int
    private let budget: InlineBudget

    fileprivate init(chunk: Chunk, cost: Int, budget: InlineBudget) {
        self.chunk = chunk
        self.cost = cost
        self.budget = budget
    }

    deinit {
        budget.giveBack(cost)
    }
}
