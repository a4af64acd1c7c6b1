package import NIOCore

/// Received bytes on their way to the disk.
///
/// Buffers from the network are kept as they are where that is economical, and copied together otherwise, so that a peer
/// that sends single bytes cannot make this process hold a whole network buffer for each.
package struct Chunk: Sendable {
    package private(set) var buffers: [ByteBuffer] = []
    package private(set) var count = 0
    /// Whether the last buffer is one of ours, with room for more.
    private var isTailOwn = false

    var isEmpty: Bool { count == 0 }

    package init() {}

    package mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        count += bytes.readableBytes
        if bytes.readableBytes >= 4096 && bytes.readableBytes * 2 >= bytes.storageCapacity {
            buffers.append(bytes)
            isTailOwn = false
            return
        }
        if !isTailOwn || buffers[buffers.count - 1].writableBytes < bytes.readableBytes {
            buffers.append(ByteBufferAllocator().buffer(capacity: max(bytes.readableBytes, 16 << 10)))
            isTailOwn = true
        }
        buffers[buffers.count - 1].writeImmutableBuffer(bytes)
    }
}
