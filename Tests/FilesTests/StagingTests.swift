import Cryptography
import Files
import Glibc
import NIOCore
import Platform
import Testing

@Suite("Staging area")
struct StagingTests {
    @Test(
        "digest and size are those of the bytes, whatever the pieces",
        arguments: [
            (0, 1), (1, 1), (4096, 7), (65_536, 65_536), (65_537, 4096), (700_000, 1500), (3_000_001, 100_000), (9_000_000, 65_536),
        ])
    func digest(count: Int, pieces: Int) async throws {
        try await TestStaging.with { area in
            let bytes = pattern(count)
            let file = try await area.receive(bytes, pieces: pieces)
            #expect(file.size == Int64(count))
            #expect(file.sha256 == SHA256Hasher.digest(of: bytes))
            #expect(await area.publish([file]).allSatisfy { $0 == nil })
            #expect(area.incoming.isEmpty)
            #expect(area.ready == [file.id.description])
            #expect(TestStaging.content(of: area.path(of: file.id)) == bytes)
        }
    }

    @Test("many small writes do not hold many network buffers")
    func smallWrites() {
        var chunk = Chunk()
        for value in 0..<10_000 {
            var buffer = ByteBufferAllocator().buffer(capacity: 2048)
            buffer.writeInteger(UInt8(truncatingIfNeeded: value))
            chunk.append(buffer)
        }
        #expect(chunk.count == 10_000)
        #expect(chunk.buffers.reduce(0) { $0 + $1.storageCapacity } <= 32_768)
    }

    @Test("H11 an upload given up leaves no file and no descriptor", arguments: [10, 100_000, 3_000_000])
    func discard(count: Int) async throws {
        try await TestStaging.with { area in
            let before = TestStaging.descriptors(below: area.configuration.root)
            let upload = try area.makeUpload(limit: .max)
            try await upload.write(ByteBuffer(bytes: pattern(count)))
            await upload.discard()
            await upload.discard()
            #expect(area.incoming.isEmpty && area.ready.isEmpty)
            #expect(TestStaging.descriptors(below: area.configuration.root) == before)
            #expect(await code { try await upload.write(ByteBuffer(string: "x")) } == .misuse)
            #expect(await code { _ = try await upload.finish() } == .misuse)
        }
    }

    @Test("H11 an upload whose task is cancelled is cleaned up")
    func cancelled() async throws {
        try await TestStaging.with { area in
            let before = TestStaging.descriptors(below: area.configuration.root)
            let task = Task {
                let upload = try area.makeUpload(limit: .max)
                try await upload.write(ByteBuffer(bytes: pattern(2_000_000)))
                withUnsafeCurrentTask { $0?.cancel() }
                await upload.discard()
                return area.incoming.isEmpty
            }
            let isClean = try await task.value
            #expect(isClean)
            #expect(TestStaging.descriptors(below: area.configuration.root) == before)
        }
    }

    @Test("a received file that is dropped or discarded leaves nothing")
    func dropped() async throws {
        try await TestStaging.with { area in
            let before = TestStaging.descriptors(below: area.configuration.root)
            _ = try await area.receive(pattern(200_000))
            #expect(area.incoming.isEmpty)
            await area.discard(try await area.receive(pattern(200_000)))
            await area.discard(try await area.receive(pattern(200)))
            #expect(area.incoming.isEmpty && area.ready.isEmpty)
            #expect(TestStaging.descriptors(below: area.configuration.root) == before)
        }
    }

    @Test("H12 the limit is counted, not believed", arguments: [100, 1_000_000])
    func limit(limit: Int64) async throws {
        try await TestStaging.with { area in
            let exact = try area.makeUpload(limit: limit)
            try await exact.write(ByteBuffer(bytes: pattern(Int(limit))))
            #expect(try await exact.finish().size == limit)
            let upload = try area.makeUpload(limit: limit)
            try await upload.write(ByteBuffer(bytes: pattern(Int(limit))))
            #expect(await code { try await upload.write(ByteBuffer(string: "x")) } == .tooLarge)
            await upload.discard()
            #expect(area.incoming.isEmpty)
            #expect(await code { _ = try area.makeUpload(limit: limit, expected: limit + 1) } == .tooLarge)
        }
    }

    @Test("H24 no room: refused before the body")
    func reserve() async throws {
        try await TestStaging.with(configure: { $0.reserveBytes = .max }) { area in
            #expect(await code { _ = try area.makeUpload(limit: 1) } == .stagingFull)
            #expect(await code { try area.checkSpace() } == .stagingFull)
        }
        try await TestStaging.with(configure: { $0.reserveInodes = .max }) { area in
            #expect(await code { _ = try area.makeUpload(limit: 1) } == .stagingFull)
        }
        try await TestStaging.with { area in
            #expect(await code { _ = try area.makeUpload(limit: .max, expected: .max) } == .stagingFull)
        }
    }

    @Test("H24 the disk fills up during an upload: an error of its own, nothing left behind", .enabled(if: getuid() == 0))
    func full() async throws {
        try await withSmallFileSystem { mount in
            try await TestStaging.with(in: mount) { area in
                let before = TestStaging.descriptors(below: area.configuration.root)
                let upload = try area.makeUpload(limit: .max)
                let failure = await code {
                    for seed in 1...8 { try await upload.write(ByteBuffer(bytes: pattern(600_000, seed: UInt64(seed)))) }
                    _ = try await upload.finish()
                }
                #expect(failure == .stagingFull)
                await upload.discard()
                #expect(area.incoming.isEmpty)
                #expect(TestStaging.descriptors(below: area.configuration.root) == before)
                // Small files: those that fit are there, those that do not are gone, each with its own result.
                var files: [ReceivedFile] = []
                for seed in 1...24 { files.append(try await area.receive(pattern(60_000, seed: UInt64(seed)))) }
                let results = await area.publish(files)
                let failed = results.compactMap(\.self)
                #expect(!failed.isEmpty && failed.count < files.count && failed.allSatisfy { $0.code == .stagingFull })
                #expect(area.incoming.isEmpty)
                #expect(area.ready.count == files.count - failed.count)
            }
        }
    }

    @Test("removing is idempotent, and a reader reads on")
    func remove() async throws {
        try await TestStaging.with { area in
            let bytes = pattern(100_000)
            let file = try await area.receive(bytes)
            _ = await area.publish([file])
            let descriptor = open(area.path(of: file.id), O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            try await area.remove(file.id)
            try await area.remove(file.id)
            #expect(area.ready.isEmpty)
            var content = [UInt8](repeating: 0, count: bytes.count + 1)
            #expect(read(descriptor, &content, content.count) == bytes.count)
            #expect(Array(content.dropLast()) == bytes)
        }
    }

    @Test("an area keeps its id, and a wrong one is noticed")
    func areaID() async throws {
        try await TestStaging.with { area in
            let id = try #require(area.areaID)
            func prepare(_ wanted: String?) throws -> String? {
                let other = StagingArea(
                    configuration: .init(root: area.configuration.root, areaID: wanted), pool: BlockingPool(name: "x", size: 1))
                try other.prepare()
                return other.areaID
            }
            #expect(try prepare(nil) == id)
            #expect(try prepare(id) == id)
            #expect(await code { _ = try prepare("another") } == .misuse)
            #expect(await code { _ = try prepare("../x") } == .misuse)
        }
        try await TestStaging.with(configure: { $0.areaID = "node-1" }) { #expect($0.areaID == "node-1") }
    }

    @Test("the sweep removes what is old and unknown, and nothing else")
    func sweep() async throws {
        try await TestStaging.with { area in
            var files: [ReceivedFile] = []
            for seed in 1...4 { files.append(try await area.receive(pattern(100, seed: UInt64(seed)))) }
            _ = await area.publish(files)
            let upload = try area.makeUpload(limit: .max)
            try await upload.write(ByteBuffer(bytes: pattern(600_000)))
            let stranger = area.configuration.root + "/ready/keep-me"
            fclose(fopen(stranger, "w"))
            #expect(try await area.sweep(olderThan: .seconds(3600)) { _ in [] } == 0)
            for file in files.dropFirst() { age(area.path(of: file.id)) }
            age(stranger)
            for name in area.incoming { age(area.configuration.root + "/incoming/" + name) }
            let known = files[1].id
            #expect(try await area.sweep(olderThan: .seconds(3600)) { ids in Set(ids.filter { $0 == known }) } == 3)
            #expect(Set(area.ready) == [files[0].id.description, known.description, "keep-me"])
            #expect(area.incoming.isEmpty)
            await upload.discard()
            age(area.path(of: files[0].id))
            await #expect(throws: CancellationError.self) {
                _ = try await area.sweep(olderThan: .seconds(1)) { _ in throw CancellationError() }
            }
            #expect(area.ready.count == 3)
        }
    }

    @Test("a closed pool refuses work and leaks nothing")
    func closedPool() async throws {
        try await TestStaging.with { area in
            let before = TestStaging.descriptors(below: area.configuration.root)
            let upload = try area.makeUpload(limit: .max)
            try await upload.write(ByteBuffer(bytes: pattern(600_000)))
            await area.pool.shutDown()
            #expect(await code { _ = try await upload.finish() } != nil)
            await upload.discard()
            let small = try await area.receive([1])
            #expect(await area.publish([small]).map { $0?.code } == [.closed])
            withExtendedLifetime(upload) {}
            #expect(TestStaging.descriptors(below: area.configuration.root) <= before + 1)
        }
    }

    private func age(_ path: String) {
        var times = [timeval(tv_sec: time(nil) - 7200, tv_usec: 0), timeval(tv_sec: time(nil) - 7200, tv_usec: 0)]
        #expect(utimes(path, &times) == 0)
    }

    /// A file system of 1 MiB.
    private func withSmallFileSystem(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/sluice-tmpfs-\(UUIDv7())"
        try #require(mkdir(path, 0o755) == 0)
        try #require(mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(path))
        } catch {
            result = .failure(error)
        }
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
        try result.get()
    }
}
