import Cryptography
import Files
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Answers that are stored with uploads", .serialized, .requires(.postgres))
struct UploadReplyTests {
    private let owner = UploadFixture.owner
    private let key = SHA256Hasher.digest(of: [1])

    /// Whoever lost the request to another, and that one.
    private func claims(_ replies: ReplyStore, _ fixture: UploadFixture) async throws -> (lost: ReplyClaim, held: ReplyClaim) {
        let lost = try await begin(replies)
        try await fixture.pool.execute("UPDATE replies SET lease_until = now() - interval '1 second'")
        return (try #require(lost), try #require(try await begin(replies)))
    }

    private func begin(_ replies: ReplyStore) async throws -> ReplyClaim? {
        if case .run(let claim) = try await replies.begin(owner: owner, key: key, request: key) { claim } else { nil }
    }

    private func stored(_ replies: ReplyStore) async throws -> StoredReply? {
        if case .answered(let reply) = try await replies.begin(owner: owner, key: key, request: key) { reply } else { nil }
    }

    private func completion(_ claim: ReplyClaim, _ id: UploadID, file: FileID? = nil) -> ReplyCompletion {
        ReplyCompletion(claim: claim, reply: StoredReply(status: 201, location: "/\(id)", file: file, content: key.bytes))
    }

    @Test("H57 an upload is created together with its answer, or not at all")
    func creation() async throws {
        try await UploadFixture.run { fixture in
            let replies = ReplyStore(pool: fixture.pool)
            let (lost, held) = try await claims(replies, fixture)
            let draft = UploadDraft(owner: owner, kind: .whole, length: 10)
            #expect(await code { _ = try await fixture.uploads.create(draft, reply: completion(lost, draft.id)) } == .superseded)
            #expect(try await fixture.count("uploads") == 0)
            #expect(try await fixture.uploads.create(draft, reply: completion(held, draft.id)).id == draft.id)
            #expect(try await stored(replies)?.location == "/\(draft.id)")
            await replies.abandon(held)
            #expect(try await stored(replies) != nil, "it is answered")
            await replies.withdraw(held)
            #expect(try await begin(replies) != nil)
        }
    }

    @Test("H57 a creation with all its bytes makes file, upload and answer, or nothing")
    func whole() async throws {
        try await UploadFixture.run { fixture in
            let replies = ReplyStore(pool: fixture.pool)
            let (lost, held) = try await claims(replies, fixture)
            let draft = UploadDraft(owner: owner, kind: .whole, length: 10)
            for claim in [lost, held] {
                let received = try await fixture.staging.receive(pattern(10))
                let reply = completion(claim, draft.id, file: received.id)
                let failure = await code { _ = try await fixture.uploads.create(draft, with: received, reply: reply) }
                #expect(failure == (claim == lost ? .superseded : nil))
                #expect(try await fixture.count("uploads") == (claim == lost ? 0 : 1))
                #expect(try await fixture.count("files") == (claim == lost ? 0 : 1))
            }
            #expect(try await stored(replies)?.file == fixture.find(draft.id).file)
        }
    }

    @Test("H57 parts are used up together with the answer, or stay as they were")
    func joined() async throws {
        try await UploadFixture.run { fixture in
            let replies = ReplyStore(pool: fixture.pool)
            let (lost, held) = try await claims(replies, fixture)
            let parts = [try await fixture.part([1]), try await fixture.part([2])]
            let draft = UploadDraft(owner: owner, kind: .joined, length: nil)
            #expect(
                await code { _ = try await fixture.uploads.join(draft, parts: parts) { completion(lost, $0) } } == .superseded)
            #expect(try await fixture.find(parts[0]).joinedInto == nil)
            let record = try await fixture.uploads.join(draft, parts: parts) { completion(held, $0) }
            #expect(try await stored(replies)?.location == "/\(record.id)")
            let again = UploadDraft(owner: owner, kind: .joined, length: nil)
            #expect(try await fixture.uploads.join(again, parts: parts).id == record.id)
        }
    }
}
