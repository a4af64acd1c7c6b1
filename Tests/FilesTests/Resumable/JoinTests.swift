import Cryptography
import Files
import Glibc
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Uploads made of parts", .serialized, .requires(.postgres))
struct JoinTests {
    private let owner = UploadFixture.owner

    private var draft: UploadDraft { UploadDraft(owner: owner, kind: .joined, length: nil) }

    @Test("parts in their order are one file; the same list again is the same upload")
    func joined() async throws {
        try await UploadFixture.run { fixture in
            let bytes = pattern(500_000)
            let pieces = [Array(bytes[..<100_000]), [], Array(bytes[100_000..<100_001]), Array(bytes[100_001...])]
            // Made in another order than they are joined in.
            var parts: [UploadID?] = [nil, nil, nil, nil]
            for index in [2, 0, 3, 1] { parts[index] = try await fixture.part(pieces[index]) }
            let list = parts.compactMap { $0 }
            let record = try await fixture.uploads.join(draft, parts: list)
            #expect(record.state == .complete && record.length == 500_000 && record.parts == list)
            #expect(try await fixture.content(of: record.id) == bytes)
            #expect(fixture.partial.isEmpty)
            let again = try await fixture.uploads.join(draft, parts: list)
            #expect(again.id == record.id && again.file == record.file)
            #expect(await code { _ = try await fixture.uploads.join(draft, parts: list.reversed()) } == .partsUnusable)
            #expect(await code { _ = try await fixture.uploads.terminate(owner: owner, id: list[0]) } == .uploadEnded)
            #expect(try await fixture.count("files") == 1)
        }
    }

    @Test("H51 what is not a complete part of the owner cannot be joined, and nothing is used up")
    func unusable() async throws {
        try await UploadFixture.run { fixture in
            let part = try await fixture.part(pattern(10))
            let whole = try await fixture.create(length: 10)
            let open = try await fixture.create(.part, length: 10)
            let other = try await fixture.uploads.create(UploadDraft(owner: UserID(rawValue: 8), kind: .part, length: 0))
            for list in [[], [part, part], [part, whole.id], [part, UploadID()], [part, other.id]] {
                #expect(await code { _ = try await fixture.uploads.join(draft, parts: list) } == .partsUnusable)
            }
            #expect(await code { _ = try await fixture.uploads.join(draft, parts: [part, open.id]) } == .partsUnfinished)
            #expect(try await fixture.uploads.join(draft, parts: [part]).state == .complete)
        }
    }

    @Test("parts that are longer together than a file may be are refused")
    func tooLarge() async throws {
        try await UploadFixture.run(configure: { $0.maximumSize = 100 }) { fixture in
            let parts = [try await fixture.part(pattern(60)), try await fixture.part(pattern(60))]
            #expect(await code { _ = try await fixture.uploads.join(draft, parts: parts) } == .tooLarge)
        }
    }

    @Test("what takes long is joined after the answer, and goes on where it was left")
    func long() async throws {
        try await UploadFixture.run { fixture in
            let bytes = pattern(70 << 20)
            let parts = [
                try await fixture.part(Array(bytes[..<(1 << 20)])), try await fixture.part(Array(bytes[(1 << 20)..<(69 << 20)])),
                try await fixture.part(Array(bytes[(69 << 20)...])),
            ]
            let record = try await fixture.uploads.join(draft, parts: parts)
            #expect(record.state == .joining)
            #expect(await eventually { (try? await fixture.find(record.id).state) == .complete })
            #expect(try await fixture.content(of: record.id) == bytes)
            #expect(await eventually { fixture.partial.isEmpty })
        }
    }

    @Test("what takes long holds up no other")
    func sideBySide() async throws {
        try await UploadFixture.run { fixture in
            let first = try await fixture.stuck()
            defer { first.release() }
            #expect(try await eventually { try await fixture.find(first.id).offset == 1 })
            let second = try await fixture.uploads.join(draft, parts: [fixture.part([UInt8](repeating: 1, count: 65 << 20))])
            #expect(second.state == .joining)
            #expect(try await eventually { try await fixture.find(second.id).state == .complete })
            #expect(try await fixture.find(first.id).state == .joining)
        }
    }

    @Test("no more than four are joined at a time; the next begins when one has ended")
    func atATime() async throws {
        try await UploadFixture.run(threads: 12) { fixture in
            var stuck: [Stuck] = []
            defer { for upload in stuck { upload.release() } }
            for number in 0..<7 { stuck.append(try await fixture.stuck(owner: UserID(rawValue: 7 + Int64(number) % 2))) }
            #expect(try await eventually { try await begun(fixture).count == 4 })
            // For some passes of whoever looks for them.
            try await Task.sleep(for: .seconds(3))
            let first = try await begun(fixture)
            #expect(first.count == 4)
            stuck.first { first.contains($0.id) }?.release()
            #expect(try await eventually { try await begun(fixture).count == 5 })
            try await Task.sleep(for: .seconds(2))
            #expect(try await begun(fixture).count == 5)
        }
    }

    @Test("one user's joins leave a place for another's, and who has fewer under way is next")
    func turns() async throws {
        try await UploadFixture.run(threads: 12) { fixture in
            var stuck: [Stuck] = []
            defer { for upload in stuck { upload.release() } }
            for _ in 0..<6 { stuck.append(try await fixture.stuck()) }
            #expect(try await eventually { try await begun(fixture).count >= 3 })
            for _ in 0..<2 { stuck.append(try await fixture.stuck(owner: UserID(rawValue: 8))) }
            #expect(try await eventually { try await begun(fixture).contains(stuck[6].id) })
            let first = try await begun(fixture)
            #expect(first.count == 4)
            stuck.first { first.contains($0.id) }?.release()
            #expect(try await eventually { try await begun(fixture).count == 5 })
            #expect(try await begun(fixture).contains(stuck[7].id))
        }
    }

    /// Those of which bytes were put together.
    private func begun(_ fixture: UploadFixture) async throws -> [UploadID] {
        try await fixture.pool.query("SELECT id FROM uploads WHERE kind = 'joined' AND byte_offset > 0").map { try $0.decode("id") }
    }

    @Test("to join parts takes room for the largest of those that are copied, not for all")
    func room() async throws {
        try await UploadFixture.run(configure: { $0.maximumSize = .max }) { fixture in
            var status = statvfs()
            #expect(statvfs(fixture.staging.configuration.root, &status) == 0)
            let free = Int64(status.f_bavail) * Int64(status.f_frsize)
            let parts = [try await fixture.part([1]), try await fixture.part([2]), try await fixture.part([3])]
            func join(others size: Int64) async throws -> FilesError.Code? {
                try await fixture.pool.execute(
                    "UPDATE uploads SET length = \(size), byte_offset = \(size) WHERE id = ANY(\(Array(parts[1...])))")
                return await code { _ = try await fixture.uploads.join(draft, parts: parts) }
            }
            #expect(try await join(others: free * 2) == .stagingFull)
            #expect(try await join(others: free / 10 * 6) == nil)
        }
    }

    @Test("H11 a quota that has no room for the whole refuses it while its parts are as they were; with room it is taken once")
    func quota() async throws {
        try await UploadFixture.run { fixture in
            let parts = [try await fixture.part(pattern(60)), try await fixture.part(pattern(40))]
            try await fixture.pool.execute("INSERT INTO file_usage (owner_id, bytes, files, byte_limit) VALUES (\(owner), 0, 0, 99)")
            let note = try await refusal { _ = try await fixture.uploads.join(draft, parts: parts) }
            #expect(note == QuotaNote(kind: .bytes, maximum: 99, used: 0))
            for part in parts { #expect(try await fixture.find(part).joinedInto == nil) }
            #expect(try await fixture.count("uploads") == 2)
            try await fixture.pool.execute("UPDATE file_usage SET byte_limit = 100")
            #expect(try await fixture.uploads.join(draft, parts: parts).state == .complete)
            #expect(try await use(fixture) == [100, 1])
        }
    }

    @Test(
        "H11 while parts are being joined their room is taken, counted, and given back when nothing comes of it", arguments: [true, false])
    func charged(isTerminated: Bool) async throws {
        try await UploadFixture.run { fixture in
            let parts = [try await fixture.part([1]), try await fixture.part([2])]
            try await fixture.pool.execute("INSERT INTO file_usage (owner_id, bytes, files, byte_limit) VALUES (\(owner), 0, 0, 90000000)")
            // What cannot be opened is tried again and again, and what is as long as this in the background.
            #expect(unlink(fixture.path(of: parts[1])) == 0 && symlink("nowhere", fixture.path(of: parts[1])) == 0)
            try await fixture.pool.execute("UPDATE uploads SET length = 80000000, byte_offset = 80000000 WHERE id = \(parts[1])")
            let record = try await fixture.uploads.join(draft, parts: parts)
            #expect(record.state == .joining)
            #expect(try await use(fixture) == [80_000_001, 1])
            let administration = QuotaAdministration(pool: fixture.pool, limits: .none)
            #expect(try await administration.recount(owner)?.now.bytes == 80_000_001)
            let more = try await fixture.part([UInt8](repeating: 1, count: 10_000_000))
            #expect(await code { _ = try await fixture.uploads.join(draft, parts: [more]) } == .quotaExceeded)
            if isTerminated {
                _ = try await fixture.uploads.terminate(owner: owner, id: record.id)
            } else {
                #expect(unlink(fixture.path(of: parts[1])) == 0)
                #expect(try await eventually { try await fixture.find(record.id).state == .dead })
            }
            #expect(try await use(fixture) == [0, 0])
            #expect(try await fixture.uploads.join(draft, parts: [more]).state == .complete)
        }
    }

    /// What the row of the quota says.
    private func use(_ fixture: UploadFixture) async throws -> [Int64] {
        let row = try await fixture.pool.query("SELECT bytes, files FROM file_usage WHERE owner_id = \(owner)")[0]
        return [try row.decode(at: 0), try row.decode(at: 1)]
    }

    private struct Unwanted: ContentRefusal {
        let failure = "unwanted"
    }

    @Test("content that is not wanted refuses the whole, in however many parts it came, and they are as they were")
    func content() async throws {
        let inspection = UploadInspection(headLimit: 6) { head, name in
            if head == [1, 2, 3, 4, 5, 6], name.value == "a" { throw Unwanted() }
        }
        try await UploadFixture.run(configure: { $0.inspection = inspection }) { fixture in
            let parts = [try await fixture.part([1, 2]), try await fixture.part([]), try await fixture.part([3, 4, 5, 6, 7])]
            let named = UploadDraft(owner: owner, kind: .joined, length: nil, name: try FileName(cleaning: "a"))
            #expect(await code { _ = try await fixture.uploads.join(named, parts: parts) } == .refused)
            for part in parts { #expect(try await fixture.find(part).joinedInto == nil) }
            let joined = try await fixture.uploads.join(draft, parts: parts.reversed())
            #expect(try await fixture.content(of: joined.id) == [3, 4, 5, 6, 7, 1, 2])
        }
    }

    @Test("parts whose bytes have vanished, all or some, make no file, and are not waited for", arguments: [0, 9])
    func vanished(left: Int) async throws {
        try await UploadFixture.run { fixture in
            let parts = [try await fixture.part(pattern(10)), try await fixture.part(pattern(10))]
            #expect(left == 0 ? unlink(fixture.path(of: parts[1])) == 0 : truncate(fixture.path(of: parts[1]), left) == 0)
            let record = try await fixture.uploads.join(draft, parts: parts)
            #expect(record.state == .dead && record.failure == "upload-lost")
            #expect(try await fixture.count("files") == 0)
        }
    }
}
