import Cryptography
import Files
import Glibc
import NIOCore
import Platform
import TestSupport
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
            let place = try #require(await area.publish([file]).first).get()
            #expect(area.incoming.isEmpty)
            #expect(area.ready == [place.container.description])
            #expect(place.offset == 0 && (place.container == file.id) == (count > 65_536))
            #expect(TestStaging.content(of: area.path(of: place.container)) == bytes)
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
            let upload = try await area.makeUpload(limit: .max)
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
                let upload = try await area.makeUpload(limit: .max)
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
            let exact = try await area.makeUpload(limit: limit)
            try await exact.write(ByteBuffer(bytes: pattern(Int(limit))))
            #expect(try await exact.finish().size == limit)
            let upload = try await area.makeUpload(limit: limit)
            try await upload.write(ByteBuffer(bytes: pattern(Int(limit))))
            #expect(await code { try await upload.write(ByteBuffer(string: "x")) } == .tooLarge)
            await upload.discard()
            #expect(area.incoming.isEmpty)
            #expect(await code { _ = try await area.makeUpload(limit: limit, expected: limit + 1) } == .tooLarge)
        }
    }

    @Test("H24 no room: refused before the body")
    func reserve() async throws {
        try await TestStaging.with(configure: { $0.reserveBytes = .max }) { area in
            #expect(await code { _ = try await area.makeUpload(limit: 1) } == .stagingFull)
            #expect(await code { try await area.checkSpace() } == .stagingFull)
        }
        try await TestStaging.with(configure: { $0.reserveInodes = .max }) { area in
            #expect(await code { _ = try await area.makeUpload(limit: 1) } == .stagingFull)
        }
        try await TestStaging.with { area in
            #expect(await code { _ = try await area.makeUpload(limit: .max, expected: .max) } == .stagingFull)
        }
    }

    @Test(
        "H24 the disk fills up during an upload: an error of its own, nothing left behind",
        .enabled(if: getuid() == 0 || TestServer.isContinuousIntegration))
    func full() async throws {
        try await withSmallFileSystem { mount in
            try await TestStaging.with(in: mount) { area in
                let before = TestStaging.descriptors(below: area.configuration.root)
                let upload = try await area.makeUpload(limit: .max)
                let failure = await code {
                    for seed in 1...8 { try await upload.write(ByteBuffer(bytes: pattern(600_000, seed: UInt64(seed)))) }
                    _ = try await upload.finish()
                }
                #expect(failure == .stagingFull)
                await upload.discard()
                #expect(area.incoming.isEmpty)
                #expect(TestStaging.descriptors(below: area.configuration.root) == before)
                // Small files whose pack does not fit are refused together; the large one of the same batch is not their affair.
                var files = [try await area.receive(pattern(100_000))]
                for seed in 1...24 { files.append(try await area.receive(pattern(60_000, seed: UInt64(seed)))) }
                let results = await area.publish(files)
                #expect(try results[0].get() == StagedPlace(container: files[0].id, offset: 0))
                for result in results.dropFirst() { #expect(await code { _ = try result.get() } == .stagingFull) }
                #expect(area.incoming.isEmpty)
                #expect(area.ready == [files[0].id.description])
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
            try await area.remove([file.id])
            try await area.remove([file.id])
            #expect(area.ready.isEmpty)
            var content = [UInt8](repeating: 0, count: bytes.count + 1)
            #expect(read(descriptor, &content, content.count) == bytes.count)
            #expect(Array(content.dropLast()) == bytes)
        }
    }

    @Test("a worker does not take a bare directory for its area")
    func noArea() async throws {
        try await TestStaging.with { area in
            #expect(await area.isThere())
            #expect(unlink(area.configuration.root + "/area") == 0)
            #expect(await !area.isThere())
            let worker = StagingArea(
                configuration: .init(root: area.configuration.root, areaID: "default"), pool: BlockingPool(name: "x", size: 1))
            #expect(await code { try worker.prepare(isMaking: false) } == .noArea)
            #expect(access(area.configuration.root + "/area", F_OK) != 0)
            try worker.prepare()
            #expect(worker.areaID == "default")
        }
    }

    @Test("H11 many tiny files are charged for what they take, not for what they hold")
    func tinyFiles() async throws {
        try await TestStaging.with(configure: { $0.inlineBudget = 64 << 10 }) { area in
            var files: [ReceivedFile] = []
            for seed in 1...100 { files.append(try await area.receive(pattern(1, seed: UInt64(seed)))) }
            #expect(area.incoming.count >= 36, "beyond the budget they go through the disk")
            #expect(try await area.publish(files).map { try $0.get() }.count == 100)
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
            var containers: [UUIDv7] = []
            for seed in 1...4 {
                let file = try await area.receive(pattern(100, seed: UInt64(seed)))
                containers.append(try #require(await area.publish([file]).first).get().container)
            }
            let stranger = area.configuration.root + "/ready/keep-me"
            fclose(fopen(stranger, "w"))
            #expect(try await area.sweep(olderThan: .seconds(3600)) { _ in [] } == 0)
            for container in containers.dropFirst() { age(area.path(of: container)) }
            age(stranger)
            let known = containers[1]
            #expect(try await area.sweep(olderThan: .seconds(3600)) { ids in Set(ids.filter { $0 == known }) } == 2)
            #expect(Set(area.ready) == [containers[0].description, known.description, "keep-me"])
            age(area.path(of: containers[0]))
            await #expect(throws: CancellationError.self) {
                _ = try await area.sweep(olderThan: .seconds(1)) { _ in throw CancellationError() }
            }
            #expect(area.ready.count == 3)
        }
    }

    @Test("H56 uploads of a process that has ended are swept at once, those of a living one never, however old")
    func sweepReceiving() async throws {
        try await TestStaging.with { area in
            let upload = try await area.makeUpload(limit: .max)
            try await upload.write(ByteBuffer(bytes: pattern(1_200_000)))
            for path in area.incoming { age(path) }
            // As a killed process leaves it: unlocked, with bytes in it. And as one that dies before it has locked its own.
            let dead = area.configuration.root + "/incoming/\(UUIDv7())"
            let young = area.configuration.root + "/incoming/\(UUIDv7())"
            for directory in [dead, young] { #expect(mkdir(directory, 0o750) == 0) }
            for name in ["lock", UUIDv7().description] { fclose(fopen("\(dead)/\(name)", "w")) }
            #expect(try await area.sweep(olderThan: .seconds(3600)) { Set($0) } == 1)
            #expect(access(dead, F_OK) != 0 && access(young, F_OK) == 0)
            age(young)
            #expect(try await area.sweep(olderThan: .seconds(3600)) { Set($0) } == 0)
            #expect(access(young, F_OK) != 0)
            #expect(area.incoming.count == 1)
            let file = try await upload.finish()
            #expect(try #require(await area.publish([file]).first).get().container == file.id)
        }
    }

    @Test("a pack's files are read by themselves, and what is erased is gone from the disk while the others stay")
    func pack() async throws {
        try await TestStaging.with { area in
            let contents = [pattern(5000, seed: 1), [], pattern(60_000, seed: 2), pattern(1, seed: 3)]
            var files: [ReceivedFile] = []
            for content in contents { files.append(try await area.receive(content)) }
            let places = try await area.publish(files).map { try $0.get() }
            #expect(Set(places.map(\.container)).count == 1 && places.map(\.offset) == [0, 5000, 5000, 65_000])
            let records = zip(files, places).map { file, place in
                FileRecord(
                    id: file.id, owner: UserID(rawValue: 1), name: "n", size: file.size, contentType: "t", sha256: file.sha256,
                    state: .staged, key: "k", area: "a", place: place)
            }
            for (record, content) in zip(records, contents) where !content.isEmpty {
                let staged = try #require(try await area.open(record))
                #expect(try await Array(staged.read(at: 0, upTo: content.count).readableBytesView) == content)
            }
            let (loaded, unloaded) = (try #require(try await area.open(records[2])), try #require(try await area.open(records[2])))
            #expect(loaded.isShared)
            try await loaded.load(records[2].size)
            for record in [records[2], records[1], records[2]] { try await area.erase(record) }
            #expect(try await Array(loaded.read(at: 10, upTo: 59_990).readableBytesView) == Array(contents[2][10...]))
            #expect(try await unloaded.read(at: 0, upTo: 100).readableBytesView.allSatisfy { $0 == 0 })
            #expect(area.content(of: records[2]) == [UInt8](repeating: 0, count: 60_000))
            for index in [0, 3] { #expect(area.content(of: records[index]) == contents[index]) }
            try await area.remove([places[0].container])
            try await area.erase(records[0])
            #expect(try await area.open(records[0]) == nil)
        }
    }

    @Test("a closed pool refuses work and leaks nothing")
    func closedPool() async throws {
        // However slow the machine, no new measurement is asked of the pool.
        try await TestStaging.with(configure: { $0.spaceCheckInterval = .seconds(3600) }) { area in
            let before = TestStaging.descriptors(below: area.configuration.root)
            let upload = try await area.makeUpload(limit: .max)
            try await upload.write(ByteBuffer(bytes: pattern(1_200_000)))
            await area.pool.shutDown()
            #expect(await code { _ = try await upload.finish() } != nil)
            await upload.discard()
            let small = try await area.receive([1])
            let refused = try #require(await area.publish([small]).first)
            #expect(await code { _ = try refused.get() } == .closed)
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
