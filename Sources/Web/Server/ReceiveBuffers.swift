package import Files
package import NIOCore

/// How large the buffers are that a connection receives into: as large as what comes is, and what the budget of uploads allows.
///
/// No buffer is kept for later: it would stay as large as it was in an upload for as long as the connection is open, and an upload
/// holds on to those it gets anyway.
package struct ReceiveBuffers: RecvByteBufferAllocator {
    private static let smallest = 2048
    /// NIO keeps the first one for as long as the connection is open. Most heads are shorter.
    private static let first = 512
    private static let growth = 4

    private let budget: BufferBudget
    private var size = Self.first

    package init(budget: BufferBudget) {
        self.budget = budget
    }

    package func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: min(size, budget.receiveSize))
    }

    /// - Returns: true, which for a caller without a hint of the next size means that it may not use the same buffer again.
    package mutating func record(actualReadBytes count: Int) -> Bool {
        let offered = min(size, budget.receiveSize)
        if count >= offered {
            size = min(offered * Self.growth, budget.receiveSize)
        } else if count * Self.growth < offered || offered < Self.smallest {
            size = max(offered / Self.growth, Self.smallest)
        }
        return true
    }
}
