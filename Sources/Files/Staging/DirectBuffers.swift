import Synchronization

/// Memory from which direct writes are made: it has to begin with a block.
///
/// There is little of it, since few writes at a time keep a disk busy; whoever gets none writes in the ordinary way.
final class DirectBuffers: Sendable {
    /// What addresses, places and counts of direct writes have to be multiples of: the largest sector that disks have.
    static let block = 4096
    private static let size = 1 << 20
    private static let maximum = 4

    private struct State {
        /// Their addresses.
        var free: [UInt] = []
        var made = 0
    }

    private let state = Mutex(State())

    deinit {
        for address in state.withLock({ $0.free }) { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
    }

    /// - Returns: nil when all are in use.
    func withBuffer<T>(_ body: (UnsafeMutableRawBufferPointer) -> T) -> T? {
        let address = state.withLock { state -> UInt? in
            if let address = state.free.popLast() { return address }
            guard state.made < Self.maximum else { return nil }
            state.made += 1
            return UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: Self.size, alignment: Self.block))
        }
        guard let address else { return nil }
        defer { state.withLock { $0.free.append(address) } }
        return body(UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: address), count: Self.size))
    }
}
