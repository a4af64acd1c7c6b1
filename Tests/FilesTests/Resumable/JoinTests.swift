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
            #expect(await fixture.eventually { (try? await fixture.find(record.id).state) == .complete })
            #expect(try await fixture.content(of: record.id) == bytes)
            #expect(await fixture.eventually { fixture.partial.isEmpty })
        }
    }

    @Test("parts whose bytes have vanished make no file")
    func vanished() async throws {
        try await UploadFixture.run { fixture in
            let parts = [try await fixture.part(pattern(10)), try await fixture.part(pattern(10))]
            #expect(unlink(fixture.path(of: parts[1])) == 0)
            let record = try await fixture.uploads.join(draft, parts: parts)
            #expect(record.state == .dead && record.failure == "upload-lost")
            #expect(try await fixture.count("files") == 0)
        }
    }
}
