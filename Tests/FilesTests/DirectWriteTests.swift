import Cryptography
import Files
import Glibc
import NIOCore
import Platform
import Testing

/// Writes past the page cache (open(2), `O_DIRECT`), which are for whole blocks alone.
@Suite("Direct writes")
struct DirectWriteTests {
    @Test("what is taken of a chunk ends with a block, wherever it began, and no byte is lost", arguments: [0, 1, 4095, 4096, 10_000])
    func blocks(offset: Int64) {
        let bytes = pattern(300_000)
        for size in [1, 100, 4096, 5000, 65_536, 100_003] {
            var (chunk, rest) = (Chunk(), bytes[...])
            var (taken, position): ([UInt8], Int64) = ([], offset)
            while !rest.isEmpty {
                chunk.append(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
                guard chunk.count > 20_000 else { continue }
                let piece = chunk.takeBlocks(from: position)
                position += Int64(piece.count)
                #expect(position % 4096 == 0 && chunk.count < 4096 && piece.count == piece.buffers.reduce(0) { $0 + $1.readableBytes })
                taken += piece.buffers.flatMap { Array($0.readableBytesView) }
            }
            #expect(taken + chunk.buffers.flatMap { Array($0.readableBytesView) } == bytes)
        }
        var short = Chunk()
        short.append(ByteBuffer(bytes: [1, 2, 3]))
        #expect(short.takeBlocks(from: 0).count == 3 && short.count == 0, "without a boundary it is all there is")
    }

    @Test(
        "uploads side by side, more than there is memory for direct writes, are on the disk as they came",
        arguments: [12_288, 65_536, 100_003, 1_500_000])
    func sideBySide(pieces: Int) async throws {
        try await TestStaging.with { area in
            let contents = (1...8).map { pattern(5_000_000 + 4096 * $0 + ($0 % 2) * 17, seed: UInt64($0)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for content in contents {
                    group.addTask {
                        let file = try await area.receive(content, pieces: pieces)
                        #expect(file.sha256 == SHA256Hasher.digest(of: content))
                        let place = try #require(await area.publish([file]).first).get()
                        #expect(TestStaging.content(of: area.path(of: place.container)) == content)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a long upload leaves the page cache to others", .enabled("the file system has no direct writes") { Self.isPossible })
    func cache() async throws {
        try await TestStaging.with { area in
            let file = try await area.receive(pattern(16 << 20))
            let place = try #require(await area.publish([file]).first).get()
            #expect(try Self.cachedPages(of: area.path(of: place.container)) < 1024)
        }
    }

    /// Of those of 4 KiB.
    private static func cachedPages(of path: String) throws -> Int {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let bytes = try #require(mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0))
        defer { munmap(bytes, size) }
        var pages = [UInt8](repeating: 0, count: (size + 4095) / 4096)
        let mincore = try #require(dlsym(nil, "mincore"))
        typealias Mincore = @convention(c) (UnsafeMutableRawPointer, Int, UnsafeMutablePointer<UInt8>) -> Int32
        #expect(unsafeBitCast(mincore, to: Mincore.self)(bytes, size, &pages) == 0)
        return pages.count { $0 & 1 == 1 }
    }

    private static var isPossible: Bool {
        let path = "/tmp/sluice-direct-\(UUIDv7())"
        let descriptor = open(path, O_CREAT | O_WRONLY | 0o40000, 0o600)
        defer { unlink(path) }
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
