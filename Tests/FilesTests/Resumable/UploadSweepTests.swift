import Files
import Foundation
import Glibc
import NIOCore
import Platform
import Postgres
import TestSupport
import Testing

@Suite("The sweep of resumable uploads", .serialized, .requires(.postgres))
struct UploadSweepTests {
    private let owner = UploadFixture.owner

    @Test("H56 expired uploads answer as expired, and go with their bytes; others stay")
    func expired() async throws {
        try await UploadFixture.run { fixture in
            let (old, young) = (try await fixture.create(length: 10), try await fixture.create(length: 10))
            for record in [old, young] { try await fixture.append(pattern(5), to: record.id, at: 0) }
            try await expire(old.id, fixture)
            #expect(await code { _ = try await fixture.find(old.id) } == .uploadExpired)
            #expect(await code { _ = try await fixture.uploads.open(owner: owner, id: old.id, at: 5) {} } == .uploadExpired)
            #expect(try await fixture.sweep.run(olderThan: .seconds(3600)) == 1)
            #expect(await code { _ = try await fixture.find(old.id) } == .uploadNotFound)
            #expect(fixture.partial == [young.id.description])
        }
    }

    @Test("an upload that is being written is left alone, and its next checkpoint gives it time")
    func written() async throws {
        try await UploadFixture.run { fixture in
            let record = try await fixture.create(length: 10)
            let upload = try await fixture.uploads.open(owner: owner, id: record.id, at: 0) {}
            try await upload.write(ByteBuffer(bytes: pattern(5)))
            try await expire(record.id, fixture)
            #expect(try await fixture.sweep.run(olderThan: .zero) == 0)
            #expect(try await upload.settle().offset == 5)
            #expect(try await fixture.find(record.id).offset == 5)
        }
    }

    @Test("what all bytes of were acknowledged does not expire")
    func acknowledged() async throws {
        try await UploadFixture.run { fixture in
            try await fixture.pool.execute("ALTER TABLE files ADD CONSTRAINT test_refuses CHECK (owner_id <> 7)")
            let record = try await fixture.create(length: 10)
            #expect(await code { try await fixture.append(pattern(10), to: record.id, at: 0) } == .database)
            let parts = [try await fixture.part(pattern(5)), try await fixture.part(pattern(5))]
            let joined = try await fixture.uploads.join(UploadDraft(owner: owner, kind: .joined, length: nil), parts: parts)
            #expect(joined.state == .finishing)
            for id in [record.id, joined.id] + parts { try await expire(id, fixture) }
            _ = try await fixture.sweep.run(olderThan: .zero)
            try await fixture.pool.execute("ALTER TABLE files DROP CONSTRAINT test_refuses")
            for id in [record.id, joined.id] {
                // What became of it is told from then on, as long as of any other.
                #expect(await eventually { (try? await fixture.find(id).file) != nil })
            }
            _ = try await fixture.sweep.run(olderThan: .zero)
            for id in [record.id, joined.id] { #expect(try await fixture.find(id).expiresAt.timeIntervalSinceNow > 23 * 3600) }
            #expect(try await fixture.count("files") == 2)
        }
    }

    @Test("parts that are being joined do not expire before that is done")
    func parts() async throws {
        try await UploadFixture.run { fixture in
            let parts = [try await fixture.part(pattern(5)), try await fixture.part(pattern(5))]
            let whole = try await fixture.create(length: 10)
            try await fixture.pool.execute("UPDATE uploads SET state = 'joining', area = 'elsewhere' WHERE id = \(whole.id)")
            try await fixture.pool.execute("UPDATE uploads SET joined_into = \(whole.id) WHERE id = ANY(\(parts))")
            for id in parts { try await expire(id, fixture) }
            #expect(try await fixture.sweep.run(olderThan: .zero) == 0)
            #expect(Set(fixture.partial) == Set(parts.map(\.description)))
            try await fixture.pool.execute("UPDATE uploads SET state = 'complete' WHERE id = \(whole.id)")
            #expect(try await fixture.sweep.run(olderThan: .zero) == 2)
            #expect(fixture.partial.isEmpty)
        }
    }

    @Test("a part that waits for others tells until when, and is given its time again by whoever asks for it")
    func waiting() async throws {
        try await UploadFixture.run { fixture in
            func setTime(of id: UploadID) async throws {
                try await fixture.pool.execute("UPDATE uploads SET expires_at = now() + interval '1 minute' WHERE id = \(id)")
            }
            let part = try await fixture.create(.part, length: 5)
            let upload = try await fixture.uploads.open(owner: owner, id: part.id, at: 0) {}
            try await upload.write(ByteBuffer(bytes: pattern(5)))
            try await setTime(of: part.id)
            #expect(try await upload.settle().expiresAt.timeIntervalSinceNow > 23 * 3600)
            try await setTime(of: part.id)
            #expect(try await fixture.uploads.head(owner: owner, id: part.id).expiresAt.timeIntervalSinceNow > 23 * 3600)
            #expect(try await fixture.find(part.id).expiresAt.timeIntervalSinceNow > 23 * 3600)
            #expect(try await fixture.uploads.head(owner: owner, id: part.id).state == .complete)
            try await expire(part.id, fixture)
            #expect(await code { _ = try await fixture.uploads.head(owner: owner, id: part.id) } == .uploadExpired)
            let other = try await fixture.part(pattern(5))
            _ = try await fixture.uploads.join(UploadDraft(owner: owner, kind: .joined, length: nil), parts: [other])
            try await setTime(of: other)
            #expect(try await fixture.uploads.head(owner: owner, id: other).expiresAt.timeIntervalSinceNow < 3600)
        }
    }

    @Test("bytes that no row needs go when they are old; nothing goes while the database is away")
    func orphans() async throws {
        try await UploadFixture.run { fixture in
            let orphan = UploadID()
            close(open(fixture.path(of: orphan), O_CREAT | O_WRONLY, 0o640))
            let needed = try await fixture.create(length: 10)
            try await fixture.append(pattern(5), to: needed.id, at: 0)
            #expect(try await fixture.sweep.run(olderThan: .seconds(3600)) == 0)
            try await fixture.pool.execute("ALTER TABLE uploads RENAME TO uploads_away")
            #expect(await code { _ = try await fixture.sweep.run(olderThan: .zero) } == .database)
            try await fixture.pool.execute("ALTER TABLE uploads_away RENAME TO uploads")
            #expect(fixture.partial.count == 2)
            #expect(try await fixture.sweep.run(olderThan: .zero) == 1)
            #expect(fixture.partial == [needed.id.description])
        }
    }

    @Test("H56 thousands of expired rows go in batches")
    func many() async throws {
        try await UploadFixture.run { fixture in
            try await fixture.pool.execute(
                """
                INSERT INTO uploads (id, owner_id, area, kind, length, content_type, expires_at)
                SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 7, \(fixture.staging.areaID), 'whole', 1, '', now()
                FROM generate_series(1, 2500) AS n
                """)
            #expect(try await fixture.sweep.run(olderThan: .zero) == 2500)
            #expect(try await fixture.count("uploads") == 0)
        }
    }

    private func expire(_ id: UploadID, _ fixture: UploadFixture) async throws {
        try await fixture.pool.execute("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = \(id)")
    }
}
