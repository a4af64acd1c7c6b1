import Files
import Foundation
import NIOCore
import Platform
import Testing
import Web

@Suite("Receive buffers")
struct ReceiveBuffersTests {
    private let area = StagingArea(configuration: .init(root: "/nonexistent"), pool: BlockingPool(name: "unused", size: 1))

    private func capacity(_ buffers: ReceiveBuffers) -> Int { buffers.buffer(allocator: ByteBufferAllocator()).capacity }

    @Test("grow with what comes, up to what the budget allows, and shrink again")
    func sizes() {
        var buffers = ReceiveBuffers(budget: area.buffers)
        #expect(capacity(buffers) == 512)
        for size in [2048, 8192, 32_768, 131_072, 262_144, 262_144] {
            let mayGrow = buffers.record(actualReadBytes: capacity(buffers))
            #expect(mayGrow)
            #expect(capacity(buffers) == size)
        }
        _ = buffers.record(actualReadBytes: 100_000)
        #expect(capacity(buffers) == 262_144)
        for _ in 0..<10 { _ = buffers.record(actualReadBytes: 1) }
        #expect(capacity(buffers) == 2048)
    }

    @Test("many uploads make those of all connections smaller at once")
    func crowd() async throws {
        let root = "/tmp/sluice-receive-\(UUIDv7())"
        let pool = BlockingPool(name: "receive", size: 1)
        var configuration = StagingConfiguration(root: root)
        configuration.reserveBytes = 0
        let area = StagingArea(configuration: configuration, pool: pool)
        try area.prepare()
        var buffers = ReceiveBuffers(budget: area.buffers)
        for _ in 0..<6 { _ = buffers.record(actualReadBytes: capacity(buffers)) }
        #expect(capacity(buffers) == 262_144)
        var uploads: [StagedUpload] = []
        for _ in 0..<256 { uploads.append(try await area.makeUpload(limit: 1)) }
        #expect(capacity(buffers) == 16_384)
        _ = buffers.record(actualReadBytes: 16_384)
        #expect(capacity(buffers) == 16_384)
        uploads = []
        _ = buffers.record(actualReadBytes: 16_384)
        #expect(capacity(buffers) == 65_536)
        await pool.shutDown()
        try FileManager.default.removeItem(atPath: root)
    }

    @Test("one that others hold is not used again, and none is kept for later")
    func reuse() {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReceiveBuffers(budget: area.buffers))
        for _ in 0..<5 {
            _ = pool.buffer(allocator: ByteBufferAllocator()) { $0.writeRepeatingByte(0, count: $0.writableBytes) }
            pool.record(actualReadBytes: 1 << 20)
        }
        #expect(pool.count == 1)
        let (kept, _) = pool.buffer(allocator: ByteBufferAllocator()) { _ in }
        #expect(kept.capacity > 512, "the next read gets a buffer of its size")
    }
}
