import Client
import Foundation
import Synchronization
import Testing

@Suite("Putting files that can be resumed")
struct ResumeTests {
    private static let size = 3 << 20

    @Test("a file goes in one PATCH, with its name and type, and nothing is remembered afterwards")
    func whole() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                let (end, results) = try await client.put([try client.file("näme", content)])
                #expect(end == .success)
                #expect(server.files.map(\.content) == [content])
                #expect(server.files.map(\.name) == ["näme"])
                #expect(results.first?.receipt?.id == server.files.first?.id)
                #expect(server.seen.map(\.method) == ["POST", "PATCH"])
                #expect(client.journal.isEmpty && client.runs.isEmpty)
            }
        }
    }

    @Test("cut off, it asks how far it is and sends the rest: no byte that was acknowledged goes twice")
    func cut() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                // More failures than are allowed without progress.
                for _ in 0..<15 { server.fail("PATCH", .cut(after: 150_001)) }
                try await client.put("a", content, gives: .success)
                #expect(server.files.map(\.content) == [content])
                #expect(server.seen("PATCH").map(\.bytes).reduce(0, +) == Self.size)
                #expect(server.seen("HEAD").count == 15)
            }
        }
    }

    @Test("without progress it is put off after ten tries, and the next run goes on at the offset")
    func nextRun() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                let path = try client.file("a", content)
                server.fail("PATCH", .cut(after: 1_000_000))
                for _ in 0..<RetryPlan.maximumTries { server.fail("PATCH", .answer(503)) }
                #expect(try await client.put([path]).status == .postponed)
                #expect(client.journal.count == 1)
                #expect(try await client.put([path]).status == .success)
                #expect(server.files.map(\.content) == [content])
                #expect(server.seen("POST").count == 1)
                #expect(server.seen("PATCH").last?.fields["upload-offset"] == "1000000")
                #expect(client.journal.isEmpty)
            }
        }
    }

    @Test("the answer to the creation is lost: the same key, one upload")
    func lostCreation() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("POST", .loseAnswer)
                try await client.put("a", ClientFixture.bytes(Self.size), gives: .success)
                #expect(Set(server.seen("POST").compactMap { $0.fields["idempotency-key"] }).count == 1)
                #expect(server.state.withLock { $0.uploads.count } == 1)
                #expect(server.seen.map(\.method) == ["POST", "POST", "HEAD", "PATCH"], "what was begun before is asked how far it is")
            }
        }
    }

    @Test("a key of an earlier run that belongs to another creation: a new one is taken, a few times")
    func otherCreation() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("POST", .answer(422))
                try await client.put("a", ClientFixture.bytes(Self.size), gives: .success)
                #expect(Set(server.seen("POST").compactMap { $0.fields["idempotency-key"] }).count == 2)
                server.fail("POST", .answer(422), .answer(422), .answer(422), .answer(422))
                try await client.put("b", ClientFixture.bytes(Self.size), gives: .refused)
            }
        }
    }

    @Test("the answer to the last byte is lost: HEAD tells the file")
    func lostEnd() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PATCH", .loseAnswer)
                let (end, results) = try await client.put([try client.file("a", ClientFixture.bytes(Self.size))])
                #expect(end == .success)
                #expect(server.files.map(\.id) == results.compactMap(\.receipt?.id))
                #expect(server.seen.map(\.method) == ["POST", "PATCH", "HEAD"])
            }
        }
    }

    @Test("busy, or at another offset: it asks and goes on", arguments: [409, 423, 500])
    func asks(status: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                server.fail("PATCH", .cut(after: 500_000), .answer(status))
                try await client.put("a", content, gives: .success)
                #expect(server.files.map(\.content) == [content])
            }
        }
    }

    @Test("an upload that is gone begins again, twice", arguments: [404, 410], ["PATCH", "HEAD"])
    func gone(status: Int, method: String) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                if method == "HEAD" { server.fail("PATCH", .cut(after: 100)) }
                server.fail(method, .answer(status))
                try await client.put("a", content, gives: .success)
                #expect(server.files.map(\.content) == [content])
                #expect(Set(server.seen("POST").compactMap { $0.fields["idempotency-key"] }).count == 2)

                server.fail("PATCH", .answer(status), .answer(status), .answer(status))
                try await client.put("b", content, gives: .refused)
                #expect(client.journal.isEmpty)
            }
        }
    }

    @Test("an upload that HEAD tells to be dead begins again")
    func dead() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                server.fail("PATCH", .cut(after: 100))
                server.fail("HEAD", .answer(422))
                try await client.put("a", content, gives: .success)
                #expect(server.files.map(\.content) == [content])
                #expect(server.seen("POST").count == 2)
            }
        }
    }

    @Test("an upload that another request has for a moment is waited for, and never deleted")
    func superseded() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let content = ClientFixture.bytes(Self.size)
                server.fail("PATCH", .cut(after: 500_000))
                server.fail("HEAD", .answer(409), .answer(409))
                try await client.put("a", content, gives: .success)
                #expect(server.files.map(\.content) == [content])
                #expect(server.seen("HEAD").count == 3)

                server.fail("PATCH", .cut(after: 500_000))
                for _ in 0..<RetryPlan.maximumTries { server.fail("HEAD", .answer(409)) }
                try await client.put("b", content, gives: .postponed)
                #expect(client.journal.count == 1)
                #expect(server.seen("POST").count == 2)
                #expect(server.seen("DELETE").isEmpty)
            }
        }
    }

    @Test("a refusal ends the upload at the server too, and nothing is remembered", arguments: [413, 415, 422])
    func refused(status: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PATCH", .answer(status))
                try await client.put("a", ClientFixture.bytes(Self.size), gives: .refused)
                #expect(server.seen.last?.method == "DELETE")
                #expect(client.journal.isEmpty)
            }
        }
    }

    @Test("a file that changes while it is sent is not completed, and its upload is deleted", arguments: [3, Self.size])
    func changed(size: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let path = try client.file("a", ClientFixture.bytes(Self.size))
                server.fail("PATCH", .cut(after: 1_000_000), .hang)
                let run = Task { try await client.put([path]) }
                while server.seen("PATCH").count < 2 { try await Task.sleep(for: .milliseconds(1)) }
                try Data(ClientFixture.bytes(size)).write(to: URL(fileURLWithPath: path))
                let (end, results) = try await run.value
                #expect(server.seen("PATCH").count == 2, "its last byte is sent")
                #expect(end == .local)
                #expect(results.first?.failure?.sentence == "changed while it was sent")
                #expect(server.files.isEmpty)
                #expect(server.seen.last?.method == "DELETE")
                #expect(client.journal.isEmpty)
            }
        }
    }

    @Test("H65 a place on another host is a path at ours: the token goes nowhere else")
    func otherHost() async throws {
        try await FakeServer.with { other in
            try await FakeServer.with { server in
                try await ClientFixture.with(server) { client in
                    server.state.withLock { $0.otherHost = other.url }
                    try await client.put("a", ClientFixture.bytes(Self.size), gives: .success)
                    #expect(other.seen.isEmpty)
                    for place in ["/elsewhere", "/api/v1/uploads/../files/x", "//evil/api/v1/uploads/a", ""] {
                        server.fail("POST", .answer(201, fields: ["location": place]))
                        try await client.put("b", ClientFixture.bytes(Self.size), gives: .refused)
                    }
                }
            }
        }
    }

    @Test("H54 a digest in the last answer that is not the file's: deleted and told")
    func damaged() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.state.withLock { $0.lies = true }
                try await client.put("a", ClientFixture.bytes(Self.size), gives: .refused)
                #expect(server.files.isEmpty)
            }
        }
    }

    @Test("two runs at one file: the second says so, and the first is not disturbed")
    func twice() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let path = try client.file("a", ClientFixture.bytes(Self.size))
                server.fail("POST", .hang)
                let first = Task { try await client.put([path]) }
                while server.seen("POST").isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                await #expect(throws: ClientFailure.postponed("the same command is running")) { try await client.put([path]) }
                let (end, results) = try await client.put([path, try client.file("b", [1])])
                #expect(end == .postponed)
                #expect(results.compactMap(\.failure) == [.postponed("another process is sending it")])
                first.cancel()
                #expect(try await first.value.status == .postponed)
                #expect(try await client.put([path]).status == .success)
            }
        }
    }

    @Test("an empty file is whole when it is created")
    func empty() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let (end, results) = try await client.put([try client.file("a", [])], resumableFrom: 0)
                #expect(end == .success)
                #expect(results.compactMap(\.receipt?.id) == server.files.map(\.id) && server.files.count == 1)
                #expect(server.seen.map(\.method) == ["POST"])
            }
        }
    }

    @Test("a server that falls silent is given up for this try")
    func silent() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PATCH", .hang)
                try await client.put("a", ClientFixture.bytes(Self.size), gives: .success)
                #expect(client.pauses.count == 1)
            }
        }
    }
}
