import Client
import Foundation
import Synchronization
import Testing

@Suite("H54 Bytes that arrive damaged")
struct DamageTests {
    private static let content = ClientFixture.bytes(1 << 20)

    private func with(_ body: (FakeServer, ClientFixture) async throws -> Void) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { try await body(server, $0) }
        }
    }

    private func expectWhole(_ server: FakeServer, _ client: ClientFixture, beginnings: Int) {
        #expect(server.files.map(\.content) == [Self.content])
        #expect(server.seen("POST").count == beginnings)
        #expect(client.journal.isEmpty && client.runs.isEmpty)
    }

    @Test("H54 a resumable file that arrives damaged is deleted and sent again", arguments: [1, 2], [false, true])
    func again(times: Int, isAnnounced: Bool) async throws {
        try await with { server, client in
            server.state.withLock { $0.damages = times }
            let (end, results) = try await client.put([try client.file("a", Self.content)], announcesDigest: isAnnounced)
            #expect(end == .success)
            #expect(results.compactMap(\.receipt?.id) == server.files.map(\.id))
            expectWhole(server, client, beginnings: times + 1)
            #expect(server.seen("DELETE").count == times)
        }
    }

    @Test("H54 what stays damaged is told, and neither a file nor anything to go on with is left", arguments: [false, true])
    func stays(isAnnounced: Bool) async throws {
        try await with { server, client in
            server.state.withLock { $0.damages = 100 }
            let (end, results) = try await client.put([try client.file("a", Self.content)], announcesDigest: isAnnounced)
            #expect(end == .refused)
            guard case .refused(let problem) = results.first?.failure else { return #expect(Bool(false), "\(results)") }
            #expect(problem.name == "digest-mismatch")
            #expect(server.files.isEmpty && client.journal.isEmpty)
            #expect(server.seen("POST").count == 3)
        }
    }

    @Test("H54 damaged, and the answer is lost: what HEAD or the file's record tells is compared", arguments: [true, false])
    func lostAnswer(isTold: Bool) async throws {
        try await with { server, client in
            server.state.withLock {
                $0.damages = 1
                $0.tellsDigest = isTold
            }
            server.fail("PATCH", .loseAnswer)
            try await client.put("a", Self.content, gives: .success)
            expectWhole(server, client, beginnings: 2)
            #expect(server.seen("GET").isEmpty == isTold)
        }
    }

    @Test("H54 damaged, and the process is gone before the answer: the next run compares")
    func nextRun() async throws {
        try await with { server, client in
            server.state.withLock { $0.damages = 1 }
            let path = try client.file("a", Self.content)
            server.fail("PATCH", .hangAfter)
            let first = Task { try await client.put([path]) }
            while server.files.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            first.cancel()
            #expect(try await first.value.status == .postponed)
            #expect(try await client.put([path]).status == .success)
            expectWhole(server, client, beginnings: 2)
        }
    }

    @Test("H54 an answer that tells no digest, of a file that is not to be seen, is no success", arguments: [false, true])
    func untold(isLost: Bool) async throws {
        try await with { server, client in
            server.state.withLock { $0.tellsDigest = false }
            if isLost { server.fail("PATCH", .loseAnswer) }
            server.fail("GET", .answer(403, type: "/problems/insufficient-scope"))
            try await client.put("a", Self.content, gives: .refused)
            #expect(server.files.isEmpty && client.journal.isEmpty)
        }
    }

    @Test("H54 a damaged file that the token may not delete is named, and not sent again")
    func kept() async throws {
        try await with { server, client in
            server.state.withLock {
                $0.damages = 1
                $0.mayDelete = false
            }
            let (end, results) = try await client.put([try client.file("a", Self.content)])
            #expect(end == .refused)
            let id = try #require(server.files.first?.id)
            #expect(results.first?.failure?.sentence.contains("it is there as \(id)") == true)
            #expect(server.seen("POST").count == 1 && client.journal.isEmpty)
        }
    }

    @Test("H54 damage that the server has found needs no right to delete")
    func found() async throws {
        try await with { server, client in
            server.state.withLock {
                $0.damages = 1
                $0.mayDelete = false
            }
            let path = try client.file("a", Self.content)
            #expect(try await client.put([path], announcesDigest: true).status == .success)
            expectWhole(server, client, beginnings: 2)
        }
    }

    @Test(
        "H54 H48 however a server says it: deleted, sent again, and given up after three times",
        arguments: [(400, "digest-mismatch"), (400, "checksum-mismatch"), (422, "digest-mismatch"), (422, "upload-dead"), (460, "blank")])
    func answers(status: Int, type: String) async throws {
        try await with { server, client in
            let answer = FakeServer.Fault.answer(status, type: "/problems/" + type)
            server.fail("PATCH", answer, answer)
            try await client.put("a", Self.content, gives: .success)
            expectWhole(server, client, beginnings: 3)
            #expect(server.seen("DELETE").count == 2)
            server.fail("PATCH", answer, answer, answer)
            try await client.put("b", Self.content, gives: .refused)
            #expect(server.seen("POST").count == 6)
            #expect(server.state.withLock { $0.uploads.values.filter { !$0.isGone }.count } == 1)
        }
    }

    @Test(
        "H54 taken in one request with another digest: deleted, however often that takes; if the token may not, it is named",
        arguments: [true, false])
    func taken(mayDelete: Bool) async throws {
        try await with { server, client in
            server.state.withLock {
                $0.lies = true
                $0.mayDelete = mayDelete
            }
            server.fail("DELETE", .answer(503), .loseAnswer)
            let (end, results) = try await client.put([try client.file("a", [1])])
            #expect(end == .refused)
            let (sentence, ids) = (results.first?.failure?.sentence ?? "", server.files.map(\.id))
            #expect(sentence.contains("damaged") && ids.count == (mayDelete ? 0 : 1))
            #expect(ids.allSatisfy { sentence.contains("it is there as \($0)") })
            #expect(server.seen("PUT").count == 1)
        }
    }

    @Test("H54 in one request: sent again under the same key, and given up after three times")
    func whole() async throws {
        try await with { server, client in
            let answer = FakeServer.Fault.answer(400, type: "/problems/digest-mismatch")
            server.fail("PUT", answer, answer)
            try await client.put("a", [1], gives: .success)
            #expect(Set(server.seen("PUT").compactMap { $0.fields["idempotency-key"] }).count == 1)
            server.fail("PUT", answer, answer, answer)
            try await client.put("b", [2], gives: .refused)
            #expect(server.seen("PUT").count == 6)
            #expect(server.files.map(\.name) == ["a"])
        }
    }
}
