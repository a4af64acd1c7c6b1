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
        let token: String

        var environment: [String: String] { ["SLUICE_URL": "http://" + address, "SLUICE_TOKEN": token, "HOME": folder] }

        func sluice(_ arguments: [String]) async throws -> Program {
            try await Program.run("sluice", arguments, environment: environment)
        }

        func through(_ port: Int, token other: String? = nil) -> Account {
            Account(folder: folder, client: client, address: "127.0.0.1:\(port)", token: other ?? token)
        }

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
            try await body(stack, Account(folder: folder, client: client, address: try stack.address("front"), token: client.token))
        }
    }

    private func ids(_ program: Program) -> [String] {
        program.output.split(separator: "\n").compactMap { $0.split(separator: "\t").first.map(String.init) }
    }

    /// How files go: in one request each, or by tus, whatever their size.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case whole, resumable

        var options: [String] { ["--resumable-from", self == .whole ? "1GiB" : "0"] }
        var testDescription: String { rawValue }
    }

    /// Looks at the files themselves: each is there once, with its bytes, and those are the ones that were told.
    private func expect(
        _ contents: [String: [UInt8]], of account: Account, toldBy put: Program, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let files = try await account.client.list()
        #expect(files.count == contents.count, sourceLocation: sourceLocation)
        #expect(ids(put).count == contents.count && Set(ids(put)) == Set(files.map(\.id)), sourceLocation: sourceLocation)
        let wrong = files.filter { file in contents[file.name].map { Digests.of($0) } != file.sha256 }
        #expect(wrong.isEmpty && Set(files.map(\.name)) == Set(contents.keys), sourceLocation: sourceLocation)
    }

    @Test("a thousand files go there, are listed, come back the same and are deleted", arguments: Way.allCases)
    func thousand(way: Way) async throws {
        try await with { stack, account in
            let contents = (0..<1000).map { Noise.bytes($0 * 7) }
            for (index, content) in contents.enumerated() { _ = try account.file("data/\(index % 10)/\(index).bin", content) }
            let put = try await account.sluice(["put", "--parallel", "8"] + way.options + [account.folder + "/data"])
            #expect(put.status == 0)
            #expect(put.errors.isEmpty)
            let named = Dictionary(uniqueKeysWithValues: contents.enumerated().map { ("\($0.offset).bin", $0.element) })
            try await expect(named, of: account, toldBy: put)
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

    @Test("H38 a hostile name comes as text, whatever it does to a terminal", arguments: Way.allCases)
    func hostileName(way: Way) async throws {
        try await with { _, account in
            let path = try account.file("\u{1B}[2Jx\ny", [1])
            let put = try await account.sluice(["put", path] + way.options)
            #expect(!put.output.contains("\u{1B}") && !put.errors.contains("\u{1B}"))
            #expect(put.output.split(separator: "\n").count <= 1)
        }
    }

    @Test("Web is killed and comes back while many files are sent: all arrive, each once", arguments: Way.allCases)
    func webKilled(way: Way) async throws {
        try await with { stack, account in
            let contents = Dictionary(uniqueKeysWithValues: (0..<300).map { ("\($0)", Noise.bytes($0 == 7 ? 9 << 20 : 20_000)) })
            for (name, content) in contents { _ = try account.file("data/\(name)", content) }
            async let put = account.sluice(["put", account.folder + "/data"] + way.options)
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(300))
                try await stack.control("kill", "web")
                try await stack.control("start", "web")
            }
            let result = try await put
            #expect(result.status == 0, "\(result.errors)")
            try await expect(contents, of: account, toldBy: result)
        }
    }

    @Test("an answer is lost on the way: the file is there once, and was compared", arguments: Way.allCases)
    func lostAnswer(way: Way) async throws {
        try await with { stack, account in
            let port = try #require(Int(account.address.split(separator: ":")[1]))
            let proxy = try CuttingProxy(to: port)
            defer { proxy.stop() }
            // By tus that is the one that makes the file.
            let answer = way == .whole ? "HTTP/1.1 202" : "HTTP/1.1 204"
            proxy.swallowNextAnswer(containing: answer)
            let content = Noise.bytes(50_000)
            let path = try account.file("a", content)
            // Of one who may do nothing else.
            let token = try await stack.sluice("token", "add", "erin", "--scope", "write")
            let put = try await account.through(proxy.port, token: token).sluice(["put", path] + way.options)
            #expect(put.status == 0, "\(put.errors)")
            #expect(!proxy.isWaiting, "no answer was lost")
            try await expect(["a": content], of: account, toldBy: put)
        }
    }

    @Test("H54 damaged on the way: sent again until it is whole, and nothing else is left", arguments: Way.allCases, [false, true])
    func damaged(way: Way, isAnnounced: Bool) async throws {
        try await with { stack, account in
            let port = try #require(Int(account.address.split(separator: ":")[1]))
            let proxy = try CuttingProxy(to: port)
            defer { proxy.stop() }
            let mark = Array("here it is to be damaged".utf8)
            proxy.damageNext(mark)
            let content = Noise.bytes(1000) + mark + Noise.bytes(30_000)
            let path = try account.file("a", content)
            let put = try await account.through(proxy.port).sluice(["put", path] + way.options + (isAnnounced ? ["--digest"] : []))
            #expect(put.status == 0, "\(put.errors)")
            #expect(!proxy.isWaiting, "nothing was damaged")
            try await expect(["a": content], of: account, toldBy: put)
            try await eventually(within: .seconds(30), "nothing is left") { stack.files(below: "staging/partial").isEmpty }
        }
    }

    @Test(
        "interrupted or killed in the middle, the same command sends the rest, and no file is there twice", arguments: Way.allCases,
        [SIGINT, SIGKILL])
    func interrupted(way: Way, signal: Int32) async throws {
        try await with { _, account in
            let contents = Dictionary(uniqueKeysWithValues: (0..<400).map { ("\($0)", Noise.bytes($0 == 7 ? 20 << 20 : 20_000)) })
            for (name, content) in contents { _ = try account.file("data/\(name)", content) }
            let arguments = ["put", account.folder + "/data"] + way.options
            let child = try ChildProcess([Program.folder + "/sluice"] + arguments, environment: account.environment)
            try await eventually(within: .seconds(30), "some are sent") {
                // It stands still while it is looked at: else it may be done by the time that the answer is here.
                child.signal(SIGSTOP)
                if try await account.client.list().count > 20 { return true }
                child.signal(SIGCONT)
                return false
            }
            child.signal(signal)
            child.signal(SIGCONT)
            #expect(await child.end() == 128 + signal)
            #expect(try await account.client.list().count < 400, "it was too late")
            let rest = try await account.sluice(arguments)
            #expect(rest.status == 0, "\(rest.errors)")
            try await expect(contents, of: account, toldBy: rest)
        }
    }

    @Test("a revoked token is told by the status, and is in no output", arguments: Way.allCases)
    func revoked(way: Way) async throws {
        try await with { stack, account in
            _ = try await stack.sluice("user", "disable", "erin")
            try await eventually(within: .seconds(10), "the token is refused") { try await account.sluice(["ls"]).status == 77 }
            let put = try await account.sluice(["put", try account.file("a", [1])] + way.options)
            #expect(put.status == 77)
            #expect(put.output.isEmpty)
            #expect(!put.errors.contains(account.client.token))
        }
    }
}
