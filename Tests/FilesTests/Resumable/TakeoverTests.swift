import Cryptography
import Files
import Glibc
import NIOCore
import Platform
import Postgres
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Two writers of one upload", .serialized, .requires(.postgres))
struct TakeoverTests {
    enum Trouble: CaseIterable {
        case none, emptied, stopped
    }

    private let owner = UploadFixture.owner

    @Test(
        "H48 of two processes that write different bytes the later one has the upload, and the bytes never mix", arguments: Trouble.allCases
    )
    func rounds(trouble: Trouble) async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            if trouble == .stopped { fixture.redis.kill() }
            for round in 0..<(trouble == .stopped ? 5 : 30) {
                try await self.round(round, fixture, trouble)
            }
        }
    }

    private func round(_ round: Int, _ fixture: UploadFixture, _ trouble: Trouble) async throws {
        let size = 1 << 20
        let (first, second) = (pattern(size, seed: UInt64(2 * round + 1)), pattern(size, seed: UInt64(2 * round + 2)))
        let record = try await fixture.create(length: Int64(size))
        let bell = Bell()
        let begun = Bell()
        async let older: Void = write(first, to: record.id, fixture.processes[round % 2], bell, begun)
        #expect(await eventually { begun.rings == 1 })
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...20)))
        if trouble == .emptied { try await fixture.redis.ask("FLUSHALL") }
        let newer = fixture.processes[(round + 1) % 2].uploads
        let offset = try await fixture.headOnceFree(record.id, process: (round + 1) % 2).offset
        try await older
        // Without Redis its next checkpoint may have told it before.
        #expect(bell.rings == 1 || trouble == .stopped)
        let upload = try await newer.open(owner: owner, id: record.id, at: offset) {}
        try await upload.write(ByteBuffer(bytes: second[Int(offset)...]))
        #expect(try await upload.settle().state == .finishing)
        _ = try await upload.finish()
        #expect(
            try await fixture.content(of: record.id) == Array(first[..<Int(offset)] + second[Int(offset)...]), "round \(round) at \(offset)"
        )
    }

    /// Writes as a handler does: until all is sent or it is told to end.
    private func write(
        _ bytes: [UInt8], to id: UploadID, _ process: UploadFixture.Process, _ bell: Bell, _ begun: Bell
    ) async throws {
        let upload = try await process.uploads.open(owner: owner, id: id, at: 0) { bell.ring() }
        begun.ring()
        var rest = bytes[...]
        do {
            while rest.count > 4096, !upload.isLost {
                try await upload.write(ByteBuffer(bytes: rest.prefix(4096)))
                rest = rest.dropFirst(4096)
                try await Task.sleep(for: .milliseconds(1))
            }
            while !upload.isLost { try await Task.sleep(for: .milliseconds(5)) }
        } catch {
            #expect((error as? FilesError)?.code == .superseded)
        }
        await upload.cut()
    }

    @Test("H48 within one process too, the later one ends the earlier one")
    func oneProcess() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            let (bell, other) = (Bell(), Bell())
            let older = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) { bell.ring() }
            try await older.write(ByteBuffer(bytes: pattern(300)))
            async let newer = fixture.uploads.open(owner: owner, id: record.id, at: 300) { other.ring() }
            #expect(await eventually { bell.rings == 1 })
            #expect(await older.cut() == 300)
            let upload = try await newer
            try await upload.write(ByteBuffer(bytes: pattern(1000)[300...]))
            #expect(try await upload.settle().state == .finishing)
            _ = try await upload.finish()
            #expect(try await fixture.content(of: record.id) == pattern(1000))
            #expect(bell.rings == 1 && other.rings == 0)
        }
    }

    @Test("H48 a claim that reaches Redis after that of a request that came later takes nothing from it")
    func late() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            // As left by a request that had read epoch 8 in the row; this one reads less.
            let key = "{uploads}c:\(record.id)"
            try await fixture.redis.ask("HSET", RedisArgument(key), "e", "9", "t", "the later one", "k", "8")
            #expect(await code { _ = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {} } == .superseded)
            #expect(try await fixture.redis.ask("HMGET", RedisArgument(key), "e", "t").array?.map(\.string) == ["9", "the later one"])
            #expect(try await fixture.find(record.id).offset == 0)
        }
    }

    @Test("H48 who looks and finds that somebody has come later, waits for that one and ends nobody")
    func looking() async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            let record = try await fixture.create(length: 1000)
            let bell = Bell()
            let writer = try await fixture.processes[1].uploads.open(owner: owner, id: record.id, at: 0) { bell.ring() }
            try await writer.write(ByteBuffer(bytes: pattern(400)))
            // As if the writer had read an epoch in the row that comes after the one that is read now.
            try await fixture.redis.ask("HSET", RedisArgument("{uploads}c:\(record.id)"), "k", "1000")
            let start = ContinuousClock.now
            #expect(await code { _ = try await fixture.uploads.head(owner: owner, id: record.id) } == .uploadBusy)
            #expect(ContinuousClock.now - start >= .seconds(2) && bell.rings == 0)
            async let offset = fixture.uploads.head(owner: owner, id: record.id).offset
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await writer.settle().offset == 400)
            #expect(try await offset == 400 && bell.rings == 0)
        }
    }

    @Test("H48 one that does not answer keeps the upload until the kernel takes its lock; nobody is let in before")
    func frozen() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            try await fixture.append(pattern(500), to: record.id, at: 0)
            let descriptor = open(fixture.path(of: record.id), O_RDWR)
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            let start = ContinuousClock.now
            #expect(await code { _ = try await fixture.uploads.head(owner: owner, id: record.id) } == .uploadBusy)
            #expect(ContinuousClock.now - start >= .seconds(2))
            close(descriptor)
            try await fixture.append(pattern(1000)[500...], to: record.id, at: 500)
            #expect(try await fixture.content(of: record.id) == pattern(1000))
        }
    }

    @Test("H48 a writer that was fenced out without knowing it acknowledges nothing and makes no file", arguments: [false, true])
    func fenced(isWhole: Bool) async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            let upload = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {}
            try await upload.write(ByteBuffer(bytes: pattern(1000)[..<(isWhole ? 1000 : 500)]))
            if isWhole { #expect(try await upload.settle().state == .finishing) }
            try await fixture.pool.execute("UPDATE uploads SET epoch = epoch + 1 WHERE id = \(record.id)")
            if isWhole {
                #expect(await code { _ = try await upload.finish() } == .superseded)
                // Whoever had it next, or the finisher, makes one.
                #expect(await eventually { (try? await fixture.find(record.id).state) == .complete })
                #expect(try await fixture.count("files") == 1)
            } else {
                #expect(await code { _ = try await upload.settle() } == .superseded)
                #expect(try await fixture.find(record.id).offset == 0)
            }
        }
    }

    @Test("without Redis a writer that sends nothing hears of its end all the same")
    func silent() async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            fixture.redis.kill()
            let record = try await fixture.create(length: 1000)
            let bell = Bell()
            let older = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) { bell.ring() }
            async let newer = fixture.processes[1].uploads.head(owner: owner, id: record.id)
            #expect(await eventually { bell.rings == 1 })
            await older.cut()
            let next = try await newer
            #expect(next.offset == 0)
        }
    }
}
