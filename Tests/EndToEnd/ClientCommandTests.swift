import Foundation
import Glibc
import TestSupport
import Testing

@Suite("The client", .serialized)
struct ClientCommandTests {
    /// A folder at home, a token, and the way to the stack.
    private struct Account {
        let folder: String
        let client: Client
        let address: String

        var environment: [String: String] { ["SLUICE_URL": "http://" + address, "SLUICE_TOKEN": client.token, "HOME": folder] }

        func sluice(_ arguments: [String]) async throws -> Program {
            try await Program.run("sluice", arguments, environment: environment)
        }

        func through(_ port: Int) -> Account { Account(folder: folder, client: client, address: "127.0.0.1:\(port)") }

        func file(_ name: String, _ content: [UInt8]) throws -> String {
            let path = folder + "/" + name
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
            try Data(content).write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    private func with(_ body: (LocalStack, Account) async throws -> Void) async throws {
        try await LocalStack.with { stack in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-home-\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let client = try await stack.client(named: "erin")
            try await body(stack, Account(folder: folder, client: client, address: try stack.address("front")))
        }
    }

    private func ids(_ program: Program) -> [String] {
        program.output.split(separator: "\n").compactMap { $0.split(separator: "\t").first.map(String.init) }
    }

    /// In one request each: what is resumable needs more of the server.
    private static let whole = ["--resumable-from", "1GiB"]

    @Test("a thousand files go there, are listed, come back the same and are deleted")
    func thousand() async throws {
        try await with { stack, account in
            let contents = (0..<1000).map { Noise.bytes($0 * 7) }
            for (index, content) in contents.enumerated() { _ = try account.file("data/\(index % 10)/\(index).bin", content) }
            let put = try await account.sluice(["put", "--parallel", "8"] + Self.whole + [account.folder + "/data"])
            #expect(put.status == 0)
            #expect(put.errors.isEmpty)
            #expect(Set(ids(put)).count == 1000)
            let listed = try await account.sluice(["ls", "--sort", "name"])
            #expect(Set(ids(listed)) == Set(ids(put)))

            try await eventually(within: .seconds(120), "all are stored") {
                try await account.client.list().allSatisfy { $0.state == "stored" }
            }
            let some = Array(ids(put).prefix(50))
            let got = try await account.sluice(["get", "--output", account.folder + "/got/"] + some)
            #expect(got.status == 74, "the folder is not there")
            try FileManager.default.createDirectory(atPath: account.folder + "/got", withIntermediateDirectories: true)
            #expect(try await account.sluice(["get", "--output", account.folder + "/got/"] + some).status == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: account.folder + "/got")
            #expect(names.count == 50)
            for name in names {
                let index = try #require(Int(name.prefix { $0 != "." }))
                #expect(FileManager.default.contents(atPath: account.folder + "/got/" + name) == Data(contents[index]))
            }
            let removed = try await account.sluice(["rm"] + ids(put))
            #expect(removed.status == 0)
            #expect(ids(removed) == ids(put))
            #expect(try await account.sluice(["ls"]).output.isEmpty)
        }
    }

    @Test("H38 a hostile name comes as text, whatever it does to a terminal")
    func hostileName() async throws {
        try await with { _, account in
            let path = try account.file("\u{1B}[2Jx\ny", [1])
            let put = try await account.sluice(["put", path] + Self.whole)
            #expect(!put.output.contains("\u{1B}") && !put.errors.contains("\u{1B}"))
            #expect(put.output.split(separator: "\n").count <= 1)
        }
    }

    @Test("Web is killed and comes back while many files are sent: all arrive")
    func webKilled() async throws {
        try await with { stack, account in
            for index in 0..<300 { _ = try account.file("data/\(index)", Noise.bytes(20_000)) }
            async let put = account.sluice(["put", account.folder + "/data"] + Self.whole)
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(300))
                try await stack.control("kill", "web")
                try await stack.control("start", "web")
            }
            let result = try await put
            #expect(result.status == 0, "\(result.errors)")
            let names = try await account.client.list().map(\.name)
            #expect(Set(names).count == 300)
        }
    }

    @Test("an answer is lost on the way: the file arrives")
    func lostAnswer() async throws {
        try await with { stack, account in
            let port = try #require(Int(account.address.split(separator: ":")[1]))
            let proxy = try CuttingProxy(to: port)
            defer { proxy.stop() }
            proxy.swallowNextAnswer(containing: "HTTP/1.1 202")
            let path = try account.file("a", Noise.bytes(50_000))
            let put = try await account.through(proxy.port).sluice(["put", path] + Self.whole)
            #expect(put.status == 0)
            #expect(try await account.client.list().contains { $0.id == ids(put).first })
        }
    }

    @Test("a revoked token is told by the status, and is in no output")
    func revoked() async throws {
        try await with { stack, account in
            _ = try await stack.sluice("user", "disable", "erin")
            try await eventually(within: .seconds(10), "the token is refused") { try await account.sluice(["ls"]).status == 77 }
            let put = try await account.sluice(["put", try account.file("a", [1])] + Self.whole)
            #expect(put.status == 77)
            #expect(put.output.isEmpty)
            #expect(!put.errors.contains(account.client.token))
        }
    }
}
