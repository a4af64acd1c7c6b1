import Client
import Foundation
import Synchronization
import Testing

@Suite("Getting, listing and deleting")
struct GetTests {
    private func get(
        _ client: ClientFixture, _ ids: [String], to destination: FileGetter.Destination? = nil, replaces: Bool = false
    ) async -> (status: CommandStatus, results: [FileGetter.Result]) {
        let getter = FileGetter(
            session: client.session, destination: destination ?? .folder(client.folder), replaces: replaces, board: ProgressBoard())
        var results: [FileGetter.Result] = []
        let status = await getter.run(ids, parallel: 2) { results.append($0) }
        return (status, results)
    }

    private func content(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0) } }

    private func names(_ client: ClientFixture) -> [String]? { try? FileManager.default.contentsOfDirectory(atPath: client.folder) }

    @Test("files get their names when they are whole", arguments: [0, 1, 1_000_000])
    func whole(size: Int) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let bytes = ClientFixture.bytes(size)
                let ids = ["a", "b"].map { server.add($0, bytes) }
                let (status, results) = await get(client, ids)
                #expect(status == .success)
                #expect(results.count == 2)
                #expect(content(client.folder + "/a") == bytes)
                #expect(names(client)?.sorted() == ["a", "b"])
            }
        }
    }

    @Test("cut off, it receives the rest")
    func cut() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let bytes = ClientFixture.bytes(1_000_000)
                let id = server.add("a", bytes)
                for _ in 0..<20 { server.fail("GET", .cut(after: 40_000)) }
                // The first GET is for what is known of the file.
                let (status, _) = await get(client, [id])
                #expect(status == .success)
                #expect(content(client.folder + "/a") == bytes)
                #expect(server.seen("GET").contains { $0.fields["range"] == "bytes=40000-" })
            }
        }
    }

    @Test("what an earlier run has left is gone on with, if it is the beginning of the file", arguments: [true, false])
    func resumed(isRight: Bool) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let bytes = ClientFixture.bytes(1_000_000)
                let id = server.add("a", bytes)
                try client.file("a.part-\(id)", isRight ? Array(bytes.prefix(400_000)) : [UInt8](repeating: 0, count: 400_000))
                #expect(await get(client, [id]).status == .success)
                #expect(content(client.folder + "/a") == bytes)
                #expect(server.seen("GET")[1].fields["range"] == "bytes=400000-")
                #expect(server.seen("GET").count == (isRight ? 2 : 3))
            }
        }
    }

    @Test("a file that is there stays unless it may be replaced")
    func present() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let id = server.add("a", [1, 2])
                try client.file("a", [9])
                #expect(await get(client, [id]).status == .local)
                #expect(content(client.folder + "/a") == [9])
                #expect(await get(client, [id], replaces: true).status == .success)
                #expect(content(client.folder + "/a") == [1, 2])
            }
        }
    }

    @Test("a place that is taken in the end stays as it is, and nothing is left beside it")
    func taken() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let id = server.add("a", [1, 2])
                // Nothing is there when one looks, and yet the name is taken.
                #expect(symlink(client.folder + "/nowhere", client.folder + "/a") == 0)
                #expect(await get(client, [id]).status == .local)
                #expect(names(client) == ["a"])
            }
        }
    }

    @Test("a name of the greatest length has room for what is left by a run", arguments: ["n", "\u{E4}", "\u{1F600}"])
    func longName(letter: String) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let name = String(repeating: letter, count: 255 / letter.utf8.count)
                let bytes = ClientFixture.bytes(100_000)
                let id = server.add(name, bytes)
                #expect(await get(client, [id]).status == .success)
                #expect(content(client.folder + "/" + name) == bytes)
                #expect(names(client) == [name])
            }
        }
    }

    @Test("a file that another process is receiving is left to it")
    func twice() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let id = server.add("a", [1, 2])
                let path = try client.file("a.part-\(id)", [1])
                let other = open(path, O_RDONLY)
                #expect(flock(other, LOCK_EX) == 0)
                for _ in 0..<50 { #expect(await get(client, [id]).status == .local) }
                // Nobody but the test has closed what it has opened.
                #expect(close(other) == 0)
                #expect(await get(client, [id]).status == .success)
                #expect(content(client.folder + "/a") == [1, 2])
            }
        }
    }

    @Test("H54 what does not have the server's digest gets no name, and leaves nothing")
    func damaged() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                server.state.withLock { $0.lies = true }
                let id = server.add("a", [1, 2])
                #expect(await get(client, [id]).status == .refused)
                #expect(names(client) == [])
            }
        }
    }

    @Test("H27 a server's name leads nowhere", arguments: ["..", ".", "", "/etc/passwd", "a/../../b", "a\0b", "x/"])
    func hostileName(name: String) async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let id = server.add(name, [1])
                #expect(await get(client, [id]).status == .local)
                #expect(names(client) == [])
                #expect(await get(client, [id], to: .file(client.folder + "/mine")).status == .success)
            }
        }
    }

    @Test("a place that cannot be written to is told")
    func unwritable() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let id = server.add("a", [1, 2, 3])
                let (status, results) = await get(client, [id], to: .file(client.folder + "/no/such/folder/a"))
                #expect(status == .local)
                #expect(results.count == 1)
            }
        }
    }

    @Test("the list comes page by page")
    func list() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                for index in 0..<5 { server.add("\(index)", [1]) }
                var names: [String] = []
                try await client.session.files.list(search: "a b&c", sort: "-name") { names += $0.map(\.name) }
                #expect(names == ["0", "1", "2", "3", "4"])
                #expect(server.seen("GET").count == 3)
                #expect(server.seen("GET")[0].path.hasSuffix("?limit=500&sort=-name&search=a%20b%26c"))
            }
        }
    }

    @Test("a thousand go in one call")
    func thousand() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let ids = (0..<1001).map { server.add("\($0)", []) }
                var told: [String] = []
                try await client.session.files.delete(ids) { deletions in
                    if case .answered(let all) = deletions { told += all.map(\.id) }
                    return true
                }
                #expect(told == ids && server.files.isEmpty && server.seen("DELETE").count == 2)
            }
        }
    }

    @Test("deleted by the try whose answer was lost is deleted; what was never there is told")
    func delete() async throws {
        try await FakeServer.with { server in
            try await ClientFixture.with(server) { client in
                let id = server.add("a", [1])
                server.fail("DELETE", .loseAnswer)
                var told: [RemoteFiles.Deletions] = []
                func take(_ deletions: RemoteFiles.Deletions) -> Bool {
                    told.append(deletions)
                    return true
                }
                try await client.session.files.delete([id], take: take)
                guard case .answered(let first) = told.last else { return #expect(Bool(false), "\(told)") }
                #expect(first.map(\.id) == [id] && first.last?.problem == nil)
                try await client.session.files.delete([id], take: take)
                guard case .answered(let second) = told.last else { return #expect(Bool(false), "\(told)") }
                #expect(second.last?.problem?.status == 404)
            }
        }
    }
}
