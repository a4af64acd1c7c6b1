import Client
import Cryptography
import Foundation
import Synchronization
import Testing

@Suite("Putting files in one request")
struct PutTests {
    @Test("all files of a folder arrive, and the log of the run goes")
    func folder() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let contents = (0..<20).map { ClientFixture.bytes($0 * 1000) }
                for (index, content) in contents.enumerated() { try client.file("data/\(index % 3)/näme \(index)", content) }
                let (status, results) = try await client.put([client.folder + "/data"])
                #expect(status == .success)
                #expect(results.count == 20)
                #expect(Set(server.files.map(\.name)) == Set((0..<20).map { "näme \($0)" }))
                for file in server.files {
                    let receipt = try #require(results.compactMap(\.receipt).first { $0.id == file.id })
                    #expect(receipt.name == file.name)
                    #expect(receipt.sha256 == SHA256Hasher.digest(of: file.content).description)
                    #expect(file.content == contents[try #require(Int(file.name.dropFirst(5)))])
                }
                let digests = server.seen("PUT").compactMap { $0.fields["repr-digest"] }
                #expect(digests.count == 20 && digests.allSatisfy { $0.hasPrefix("sha-256=:") && $0.hasSuffix("=:") })
                #expect(client.runs.isEmpty)
            }
        }
    }

    @Test("few connections carry many files")
    func connections() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                for index in 0..<50 { try client.file("data/\(index)", [1, 2, 3]) }
                _ = try await client.put([client.folder + "/data"], parallel: 3)
                #expect(server.files.count == 50)
                // As many as the client may have: a lane may still be on its way home when the next file is there.
                #expect(server.state.withLock { $0.connections } <= 4)
            }
        }
    }

    @Test("an answer that is lost is asked for again under the same key: one file", arguments: [0, 70_000])
    func lostAnswer(size: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let path = try client.file("a", ClientFixture.bytes(size))
                server.fail("PUT", .loseAnswer, .loseAnswer)
                let (status, results) = try await client.put([path])
                #expect(status == .success)
                #expect(server.files.map(\.id) == results.compactMap(\.receipt?.id))
                let keys = server.seen("PUT").compactMap { $0.fields["idempotency-key"] }
                #expect(keys.count == 3 && Set(keys).count == 1)
                #expect(client.pauses.count == 2)
            }
        }
    }

    @Test("what the server puts off comes again, not sooner than it says", arguments: [408, 425, 429, 500, 502, 503, 504, 507])
    func later(status: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PUT", .answer(status, fields: ["retry-after": "17"]), .answer(status))
                let (end, _) = try await client.put([try client.file("a", [1])])
                #expect(end == .success)
                #expect(server.files.count == 1)
                #expect(client.pauses.count == 2)
                #expect(client.pauses[0] >= .seconds(17) && client.pauses[1] < .seconds(17))
            }
        }
    }

    @Test("what is refused is told and not repeated; the others go on", arguments: [400, 403, 404, 413, 415, 422])
    func refused(status: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PUT", .answer(status, type: "/problems/no"))
                let (end, results) = try await client.put([try client.file("a", [1]), try client.file("b", [2])], parallel: 1)
                #expect(end == .refused)
                #expect(results.map { $0.failure?.exitStatus } == [.refused, nil])
                #expect(server.files.map(\.name) == ["b"])
                #expect(server.seen("PUT").count == 2)
            }
        }
    }

    @Test("a token that is not accepted ends it all", arguments: [401, 403])
    func token(status: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PUT", .answer(status, type: "/problems/insufficient-scope"))
                let paths = try (0..<30).map { try client.file("\($0)", [1]) }
                let (end, results) = try await client.put(paths, parallel: 1)
                #expect(end == .tokenRefused)
                #expect(results.map(\.failure?.exitStatus) == [.tokenRefused])
                #expect(server.seen("PUT").count == 1)
            }
        }
    }

    @Test("H54 what arrives damaged is sent again; what is answered with another digest is deleted and told")
    func damaged() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.fail("PUT", .answer(400, type: "/problems/digest-mismatch"))
                try await client.put("a", [1], gives: .success)
                #expect(server.files.count == 1)
                server.state.withLock { $0.lies = true }
                let (end, results) = try await client.put([try client.file("b", [2])])
                #expect(end == .refused)
                #expect(results.first?.failure?.sentence.contains("damaged") == true)
                #expect(server.files.map(\.name) == ["a"])
            }
        }
    }

    @Test("the same command sends what is left and tells what was sent; a changed file is another")
    func again() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                for index in 0..<5 { try client.file("data/\(index)", [UInt8(index)]) }
                server.fail("PUT", .answer(413))
                let first = try await client.put([client.folder + "/data"], parallel: 1)
                #expect(first.status == .refused)
                #expect(client.runs.count == 1)
                try client.file("data/4", [9, 9])
                let second = try await client.put([client.folder + "/data"], parallel: 1)
                #expect(second.status == .success)
                #expect(server.seen("PUT").count == 5 + 2)
                let told = second.results.compactMap(\.receipt?.id)
                #expect(Set(first.results.compactMap(\.receipt?.id)).subtracting(told).count == 1)
                #expect(Set(told).count == 5)
                #expect(client.runs.isEmpty)
            }
        }
    }

    @Test("a file that changes while it is sent is told, and what has arrived is one of its states or nothing", arguments: [3, 70_000])
    func changed(size: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let path = try client.file("a", ClientFixture.bytes(70_000))
                server.fail("PUT", .hang)
                let run = Task { try await client.put([path]) }
                while server.seen("PUT").isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                try Data(ClientFixture.bytes(size)).write(to: URL(fileURLWithPath: path))
                let (end, results) = try await run.value
                #expect(end == .local)
                #expect(results.first?.failure?.sentence == "changed while it was sent")
                #expect(server.files.isEmpty)
            }
        }
    }

    @Test("what was remembered of files and commands goes after a week, with any command")
    func swept() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                for place in ["uploads", "runs"] {
                    let path = try client.file(".local/state/sluice/\(place)/old", [1])
                    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -8 * 86_400)], ofItemAtPath: path)
                }
                try await client.put("a", [1], gives: .success)
                #expect(client.journal.isEmpty && client.runs.isEmpty)
            }
        }
    }

    @Test("what cannot be read is told, and what is there is sent")
    func unreadable() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let (end, results) = try await client.put(["/dev/null", client.folder + "/missing", try client.file("a", [1])])
                #expect(end == .local)
                #expect(results.compactMap(\.failure?.exitStatus) == [.local, .local])
                #expect(server.files.map(\.name) == ["a"])
            }
        }
    }

    @Test("a server that is not there is given up when patience ends")
    func unreachable() async throws {
        let server = try await FakeServer.with { $0 }
        // Patience is counted from when the client is made.
        let started = ContinuousClock.now
        try await ClientFixture.with(server, patience: .milliseconds(300)) { client in
            let (end, results) = try await client.put([try client.file("a", [1]), try client.file("b", [1])], parallel: 1)
            #expect(end == .unreachable)
            #expect(results.count == 1)
            #expect(ContinuousClock.now - started >= .milliseconds(300))
        }
    }

    @Test("ten answers in a row that say later, and it is put off; the same command goes on")
    func postponed() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                for _ in 0..<RetryPlan.maximumTries { server.fail("PUT", .answer(503)) }
                let path = try client.file("a", [1])
                #expect(try await client.put([path]).status == .postponed)
                #expect(try await client.put([path]).status == .success)
                let keys = server.seen("PUT").compactMap { $0.fields["idempotency-key"] }
                #expect(keys.count == RetryPlan.maximumTries + 1 && Set(keys).count == 1)
            }
        }
    }
}
