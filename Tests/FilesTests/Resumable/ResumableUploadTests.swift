import Cryptography
import Files
import Glibc
import NIOCore
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Resumable uploads", .serialized, .requires(.postgres))
struct ResumableUploadTests {
    private let owner = UploadFixture.owner

    @Test("three requests in two processes make one file, with its digest")
    func whole() async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            let bytes = pattern(3_000_000)
            let record = try await fixture.create(length: 3_000_000)
            #expect(record.state == .open && record.offset == 0 && record.name == "Bericht.pdf")
            try await fixture.append(bytes[..<1_000_001], to: record.id, at: 0)
            #expect(try await fixture.processes[1].uploads.head(owner: owner, id: record.id).offset == 1_000_001)
            try await fixture.append(bytes[1_000_001..<1_000_002], to: record.id, at: 1_000_001, process: 1)
            #expect(try await fixture.count("files") == 0)
            let done = try await fixture.append(bytes[1_000_002...], to: record.id, at: 1_000_002)
            #expect(done.state == .complete && done.offset == 3_000_000)
            #expect(try await fixture.content(of: record.id) == bytes)
            #expect(fixture.partial.isEmpty)
            #expect(try await fixture.count("files_outstanding") == 1)
        }
    }

    @Test("H47 an offset that is not the upload's changes nothing and is told the right one", arguments: [-1, 0, 99, 101, 1 << 62])
    func wrongOffset(offset: Int64) async throws {
        try await UploadFixture.run { fixture in
            let bytes = pattern(200)
            let record = try await fixture.create(length: 200)
            try await fixture.append(bytes[..<100], to: record.id, at: 0)
            do {
                _ = try await fixture.uploads.open(owner: owner, id: record.id, at: offset) {}
                Issue.record("opened at \(offset)")
            } catch let error as FilesError {
                #expect(error.code == .wrongOffset && error.offset == 100)
            }
            try await fixture.append(bytes[100...], to: record.id, at: 100)
            #expect(try await fixture.content(of: record.id) == bytes)
        }
    }

    @Test("bytes that were never acknowledged mean nothing: whoever goes on writes over them")
    func unacknowledged() async throws {
        try await UploadFixture.run { fixture in
            let (lost, right) = (pattern(20 << 20, seed: 1), pattern(20 << 20, seed: 2))
            let record = try await fixture.create(length: 20 << 20)
            var upload: ResumableUpload? = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {}
            for start in stride(from: 0, to: lost.count - 1, by: 1 << 20) {
                try await upload?.write(ByteBuffer(bytes: lost[start..<min(lost.count - 1, start + 1 << 20)]))
            }
            // As if its process had been killed.
            upload = nil
            #expect(await eventually { ((try? await fixture.find(record.id).offset) ?? 0) >= 8 << 20 })
            let offset = Int(try await fixture.uploads.head(owner: owner, id: record.id).offset)
            #expect(offset < lost.count)
            try await fixture.append(right[offset...], to: record.id, at: Int64(offset))
            #expect(try await fixture.content(of: record.id) == Array(lost[..<offset] + right[offset...]))
        }
    }

    @Test("a request that is cut acknowledges what has come; one that is forgotten nothing (H54)")
    func cutAndForgotten() async throws {
        try await UploadFixture.run { fixture in
            let bytes = pattern(1000)
            let record = try await fixture.create(length: 1000)
            let cut = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {}
            try await cut.write(ByteBuffer(bytes: bytes[..<400]))
            #expect(await cut.cut() == 400)
            let checked = try await fixture.uploads.open(owner: owner, id: record.id, at: 400, isChecked: true) {}
            try await checked.write(ByteBuffer(bytes: pattern(600, seed: 9)))
            await checked.forget()
            let torn = try await fixture.uploads.open(owner: owner, id: record.id, at: 400, isChecked: true) {}
            try await torn.write(ByteBuffer(bytes: pattern(300, seed: 9)))
            #expect(await torn.cut() == 400, "what was not checked is not acknowledged")
            #expect(try await fixture.find(record.id).offset == 400)
            try await fixture.append(bytes[400...], to: record.id, at: 400)
            #expect(try await fixture.content(of: record.id) == bytes)
        }
    }

    @Test("H49 bytes beyond the length are refused, and the upload can be given up; then it is dead and its bytes gone")
    func tooMany() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 10)
            let upload = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {}
            try await upload.write(ByteBuffer(bytes: pattern(10)))
            #expect(await code { try await upload.write(ByteBuffer(bytes: [1])) } == .tooLarge)
            await upload.kill("file-too-large")
            let dead = try await fixture.find(record.id)
            #expect(dead.state == .dead && dead.failure == "file-too-large")
            #expect(fixture.partial.isEmpty)
            #expect(await code { _ = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {} } == .uploadEnded)
            #expect(try await fixture.count("files") == 0)
        }
    }

    @Test("H49 a length that comes later is taken once")
    func deferredLength() async throws {
        try await UploadFixture.run(configure: { $0.maximumSize = 1000 }) { fixture in
            let record = try await fixture.create(length: nil)
            try await fixture.append(pattern(100), to: record.id, at: 0)
            func open(_ length: Int64) async throws -> ResumableUpload {
                try await fixture.uploads.open(owner: owner, id: record.id, at: 100, length: length) {}
            }
            #expect(await code { _ = try await open(99) } == .wrongLength, "shorter than what is there")
            #expect(await code { _ = try await open(1001) } == .tooLarge)
            try await open(100).forget()
            #expect(await code { _ = try await open(200) } == .wrongLength)
            let upload = try await open(100)
            #expect(try await upload.settle().state == .finishing, "no byte was missing")
            #expect(try await upload.finish().size == 100)
            #expect(try await fixture.content(of: record.id) == pattern(100))
            #expect(await code { _ = try await fixture.create(length: 1001) } == .tooLarge)
        }
    }

    @Test("bytes that do not have the announced digest make no file")
    func digest() async throws {
        try await UploadFixture.run { fixture in
            let bytes = pattern(1000)
            let right = try await fixture.create(length: 1000, expected: SHA256Hasher.digest(of: bytes))
            #expect(try await fixture.append(bytes, to: right.id, at: 0).state == .complete)
            let wrong = try await fixture.create(length: 1000, expected: SHA256Hasher.digest(of: [1]))
            #expect(await code { try await fixture.append(bytes, to: wrong.id, at: 0) } == .digestMismatch)
            #expect(try await fixture.find(wrong.id).failure == "digest-mismatch")
            #expect(try await fixture.count("files") == 1)
            #expect(fixture.partial.isEmpty && fixture.staging.ready.count == 1)
        }
    }

    @Test("H52 a quota that has no room at the end refuses the file, and nothing of it stays")
    func quota() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            try await fixture.append(pattern(500), to: record.id, at: 0)
            try await fixture.pool.execute("INSERT INTO file_usage (owner_id, bytes, files, byte_limit) VALUES (\(owner), 0, 0, 999)")
            #expect(await code { try await fixture.append(pattern(500), to: record.id, at: 500) } == .quotaExceeded)
            #expect(try await fixture.find(record.id).state == .dead)
            #expect(try await fixture.count("files") == 0)
            #expect(fixture.partial.isEmpty && fixture.staging.ready.isEmpty)
        }
    }

    @Test("an upload that has all its bytes and whose process was killed becomes a file by itself, once")
    func finisher() async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            let record = try await fixture.create(length: 1000)
            let upload = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {}
            try await upload.write(ByteBuffer(bytes: pattern(1000)))
            #expect(try await upload.settle().state == .finishing)
            await upload.forget()
            #expect(await eventually { (try? await fixture.find(record.id).state) == .complete })
            #expect(try await fixture.content(of: record.id) == pattern(1000))
            #expect(try await fixture.count("files") == 1)
            #expect(await eventually { fixture.partial.isEmpty && fixture.staging.ready.count == 1 })
        }
    }

    @Test("a database that refuses checkpoints ends the request; what was acknowledged stays and goes on")
    func database() async throws {
        try await UploadFixture.run { fixture in
            let bytes = pattern(1000)
            let record = try await fixture.create(length: 1000)
            try await fixture.append(bytes[..<100], to: record.id, at: 0)
            try await fixture.pool.execute("ALTER TABLE uploads ADD CONSTRAINT test_refuses CHECK (byte_offset <= 100)")
            #expect(await code { try await fixture.append(bytes[100...], to: record.id, at: 100) } == .database)
            try await fixture.pool.execute("ALTER TABLE uploads DROP CONSTRAINT test_refuses")
            #expect(try await fixture.uploads.head(owner: owner, id: record.id).offset == 100)
            try await fixture.append(bytes[100...], to: record.id, at: 100)
            #expect(try await fixture.content(of: record.id) == bytes)
        }
    }

    @Test("an intake that refuses keeps the bytes, and the file is made when it takes them")
    func intake() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            try await fixture.pool.execute("ALTER TABLE files ADD CONSTRAINT test_refuses CHECK (owner_id <> 7)")
            #expect(await code { try await fixture.append(pattern(1000), to: record.id, at: 0) } == .database)
            #expect(try await fixture.find(record.id).state == .finishing)
            #expect(fixture.partial == [record.id.description] && fixture.staging.ready.isEmpty)
            try await fixture.pool.execute("ALTER TABLE files DROP CONSTRAINT test_refuses")
            #expect(await eventually { (try? await fixture.find(record.id).state) == .complete })
            #expect(try await fixture.content(of: record.id) == pattern(1000))
        }
    }

    @Test("an upload whose file has lost durable bytes is dead, and does not go on with zeros")
    func lost() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 1000)
            try await fixture.append(pattern(500), to: record.id, at: 0)
            #expect(truncate(fixture.path(of: record.id), 499) == 0)
            #expect(await code { try await fixture.append(pattern(500), to: record.id, at: 500) } == .uploadEnded)
            #expect(try await fixture.find(record.id).failure == "upload-lost")
        }
    }

    @Test("a creation that brings all its bytes is complete with its file, or is not there")
    func createdWhole() async throws {
        try await UploadFixture.run { fixture in
            func draft(_ expected: SHA256Digest? = nil) throws -> UploadDraft {
                UploadDraft(
                    owner: owner, kind: .whole, length: 5000, metadata: "a b", name: try FileName(cleaning: "a"), expected: expected)
            }
            let created = try draft()
            let file = try await fixture.uploads.create(created, with: fixture.staging.receive(pattern(5000)))
            let record = try await fixture.find(created.id)
            #expect(record.state == .complete && record.file == file.id && record.offset == 5000 && record.metadata == "a b")
            #expect(try await fixture.content(of: created.id) == pattern(5000))
            #expect(
                await code {
                    let wrong = try draft(SHA256Hasher.digest(of: [1]))
                    _ = try await fixture.uploads.create(wrong, with: fixture.staging.receive(pattern(5000)))
                } == .digestMismatch)
            try await fixture.pool.execute("INSERT INTO file_usage (owner_id, bytes, files, byte_limit) VALUES (\(owner), 0, 0, 4999)")
            #expect(
                await code { _ = try await fixture.uploads.create(draft(), with: fixture.staging.receive(pattern(5000))) } == .quotaExceeded
            )
            #expect(try await fixture.count("uploads") == 1)
            #expect(try await fixture.count("files") == 1)
        }
    }

    @Test("an upload without bytes is a file")
    func empty() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 0)
            #expect(await eventually { (try? await fixture.find(record.id).state) == .complete })
            #expect(try await fixture.content(of: record.id) == [])
        }
    }

    @Test("H51 an upload of somebody else is none")
    func others() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 10)
            let other = UserID(rawValue: 8)
            #expect(await code { _ = try await fixture.uploads.find(owner: other, id: record.id) } == .uploadNotFound)
            #expect(await code { _ = try await fixture.uploads.head(owner: other, id: record.id) } == .uploadNotFound)
            #expect(await code { _ = try await fixture.uploads.open(owner: other, id: record.id, at: 0) {} } == .uploadNotFound)
            #expect(await code { _ = try await fixture.uploads.terminate(owner: other, id: record.id) } == .uploadNotFound)
            #expect(try await fixture.find(record.id).state == .open)
        }
    }

    @Test("a terminated upload is gone with its bytes, and its writer ends")
    func terminated() async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            let record = try await fixture.create(length: 10)
            let bell = Bell()
            let upload = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) { bell.ring() }
            try await upload.write(ByteBuffer(bytes: pattern(5)))
            async let ended = fixture.processes[1].uploads.terminate(owner: owner, id: record.id)
            #expect(await eventually { bell.rings == 1 })
            await upload.cut()
            let terminated = try await ended
            #expect(terminated.offset == 5)
            #expect(await code { _ = try await fixture.find(record.id) } == .uploadNotFound)
            #expect(fixture.partial.isEmpty)
        }
    }

    @Test("an upload that becomes a file while it is being ended stays until that is deleted, so that both can be found")
    func terminatedFile() async throws {
        try await UploadFixture.run(processes: 2) { fixture in
            let record = try await fixture.create(length: 10)
            let bell = Bell()
            let upload = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) { bell.ring() }
            try await upload.write(ByteBuffer(bytes: pattern(10)))
            #expect(try await upload.settle().state == .finishing)
            let other = fixture.processes[1].uploads
            async let ended = other.terminate(owner: owner, id: record.id)
            #expect(await eventually { bell.rings == 1 })
            let file = try await upload.finish()
            let left = try await ended
            #expect(left.file == file.id)
            #expect(try await other.terminate(owner: owner, id: record.id).file == file.id, "to whoever asks again")
            #expect(try await fixture.content(of: record.id) == pattern(10))
            #expect(fixture.partial.isEmpty)
            try await other.forget(left)
            #expect(await code { _ = try await fixture.find(record.id) } == .uploadNotFound)
        }
    }

    @Test("H56 of many creations at once exactly as many are kept as may be open")
    func cap() async throws {
        try await UploadFixture.run(processes: 2, configure: { $0.maximumOpen = 50 }) { fixture in
            let codes = await withTaskGroup(of: FilesError.Code?.self) { group in
                for index in 0..<120 {
                    group.addTask {
                        await code {
                            _ = try await fixture.processes[index % 2].uploads.create(UploadDraft(owner: owner, kind: .whole, length: 1))
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let (kept, refused) = (codes.filter { $0 == nil }, codes.filter { $0 == .tooManyUploads })
            #expect(kept.count == 50 && refused.count == 70)
            let rows = try await fixture.count("uploads")
            #expect(rows == 50)
            let other = UploadDraft(owner: UserID(rawValue: 8), kind: .whole, length: 1)
            #expect(try await fixture.uploads.create(other).state == .open)
        }
    }
}
