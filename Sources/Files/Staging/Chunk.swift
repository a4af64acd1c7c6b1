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

    /// The same bytes in one buffer of their size, unless they are in buffers that they fill for the most part.
    func compacted() -> Chunk {
        guard buffers.reduce(0, { $0 + $1.storageCapacity }) > 2 * count else { return self }
        var compact = Chunk()
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        for part in buffers { buffer.writeImmutableBuffer(part) }
        compact.buffers = [buffer]
        compact.count = count
        return compact
    }

    /// Takes all up to the last boundary of blocks and leaves what is behind it; everything, where there is none.
    ///
    /// - Parameter offset: where the chunk begins in its file.
    package mutating func takeBlocks(from offset: Int64) -> Chunk {
        var (taken, rest) = (self, Chunk())
        var surplus = Int((offset + Int64(count)) % Int64(DirectBuffers.block))
        if surplus < count {
            taken.count -= surplus
            var tail: [ByteBuffer] = []
            while surplus > 0, var last = taken.buffers.popLast() {
                let part = min(surplus, last.readableBytes)
                if let slice = last.getSlice(at: last.writerIndex - part, length: part) { tail.append(slice) }
                last.moveWriterIndex(to: last.writerIndex - part)
                if last.readableBytes > 0 { taken.buffers.append(last) }
                surplus -= part
            }
            taken.isTailOwn = false
            for slice in tail.reversed() { rest.append(slice) }
        }
        self = rest
        return taken
    }

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
