import Synchronization

/// Memory from which direct writes are made: it has to begin with a block.
///
/// There is little of it, since few writes at a time keep a disk busy; whoever gets none writes in the ordinary way.
final class DirectBuffers: Sendable {
    /// What addresses, places and counts of direct writes have to be multiples of: the largest sector that disks have.
    static let block = 4096
    private static let size = 1 << 20
    private static let maximum = 4

    private struct Buffer: @unchecked Sendable {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: DirectBuffers.size, alignment: DirectBuffers.block)
    }

    private struct State {
        var free: [Buffer] = []
        var made = 0
    }

    private let state = Mutex(State())

    deinit {
        for buffer in state.withLock({ $0.free }) { buffer.bytes.deallocate() }
    }

    /// - Returns: nil when all are in use.
    func withBuffer<T>(_ body: (UnsafeMutableRawBufferPointer) -> T) -> T? {
        let buffer = state.withLock { state -> Buffer? in
            if let buffer = state.free.popLast() { return buffer }
            guard state.made < Self.maximum else { return nil }
            state.made += 1
            return Buffer()
        }
        guard let buffer else { return nil }
        defer { state.withLock { $0.free.append(buffer) } }
        return body(buffer.bytes)
    }
}
