import Files
import Glibc
import NIOCore
import Testing

@Suite("Budget of upload buffers")
struct BufferBudgetTests {
    @Test(
        "the more uploads there are, the smaller their pieces: all together stay within the budget",
        arguments: [(1, 1 << 20), (13, 1 << 20), (64, (40 << 20) / (3 * 64)), (214, 64 << 10), (1000, 64 << 10)])
    func pieces(uploads: Int, size: Int) async throws {
        try await TestStaging.with { area in
            var running: [StagedUpload] = []
            for _ in 0..<uploads { running.append(try await area.makeUpload(limit: .max)) }
            #expect(area.buffers.pieceSize == size)
            #expect(area.buffers.receiveSize == min(max(size / 4, 16 << 10), 256 << 10))
        }
    }

    @Test("an upload that has ended, in whichever way, leaves its place")
    func ends() async throws {
        try await TestStaging.with(configure: { $0.bufferBudget = 300 << 10 }) { area in
            let alone = area.buffers.pieceSize
            #expect(alone == 100 << 10)
            let uploads = [
                try await area.makeUpload(limit: .max), try await area.makeUpload(limit: .max), try await area.makeUpload(limit: .max),
            ]
            #expect(area.buffers.pieceSize == 64 << 10)
            try await uploads[0].write(ByteBuffer(string: "small"))
            _ = try await uploads[0].finish()
            try await uploads[1].write(ByteBuffer(bytes: pattern(200_000)))
            await area.discard(try await uploads[1].finish())
            await uploads[2].discard()
            #expect(area.buffers.pieceSize == alone)
            for _ in 0..<3 { _ = try await area.makeUpload(limit: .max) }
            #expect(area.buffers.pieceSize == alone, "what nobody holds any more has no place")
        }
    }

    @Test("a body that may stay in memory does so however many uploads there are")
    func inline() async throws {
        try await TestStaging.with { area in
            var running: [StagedUpload] = []
            for _ in 0..<300 { running.append(try await area.makeUpload(limit: .max)) }
            try await running[0].write(ByteBuffer(bytes: pattern(64 << 10)))
            try await running[1].write(ByteBuffer(bytes: pattern(65_537)))
            #expect(area.incoming.count == 1)
            for upload in running { await upload.discard() }
        }
    }

    @Test("running out of descriptors is a lack of room, not a failure", arguments: [EMFILE, ENFILE])
    func descriptors(number: Int32) {
        #expect(FilesError.system("open", number).code == .stagingFull)
    }

    @Test("no piece is larger than it may be")
    func largest() async throws {
        try await TestStaging.with(configure: { $0.chunkSize = 16 << 10 }) { area in
            #expect(area.buffers.pieceSize == 16 << 10)
        }
    }
}
