import Synchronization

/// How much of the uploads of a process may be in memory at a time, and what that leaves for each.
///
/// An upload holds up to three pieces between the network and the disk: one that is being filled and two that are hashed and written.
/// With pieces of one size, memory would grow with the number of uploads. So the more there are, the smaller the pieces: large ones
/// make few long uploads fast, and where many share a disk, it is the disk that they wait for.
public final class BufferBudget: Sendable {
    /// Smaller pieces would cost more in hand-overs between threads than they save.
    private static let smallestPiece = 64 << 10
    private static let piecesOfAnUpload = 3
    private static let receiveSizes = (smallest: 16 << 10, largest: 256 << 10)

    private let total: Int
    private let largestPiece: Int
    private let running = Atomic(0)

    init(_ configuration: StagingConfiguration) {
        total = configuration.bufferBudget
        largestPiece = configuration.chunkSize
    }

    /// About how many bytes make a piece, with as many uploads as there are now.
    package var pieceSize: Int {
        let share = total / (Self.piecesOfAnUpload * max(1, running.load(ordering: .relaxed)))
        return min(max(share, Self.smallestPiece), largestPiece)
    }

    /// How many bytes of an upload are worth receiving at once: the network's buffers are what pieces are made of.
    public var receiveSize: Int {
        min(max(pieceSize / 4, Self.receiveSizes.smallest), Self.receiveSizes.largest)
    }

    /// Counts one upload more, for as long as somebody holds what this returns.
    func join() -> Share { Share(self) }

    /// An upload's place in the budget.
    final class Share: Sendable {
        private let budget: BufferBudget

        fileprivate init(_ budget: BufferBudget) {
            self.budget = budget
            budget.running.add(1, ordering: .relaxed)
        }

        deinit {
            budget.running.subtract(1, ordering: .relaxed)
        }
    }
}
