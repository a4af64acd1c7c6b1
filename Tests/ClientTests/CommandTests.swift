import Client
import Foundation
import Synchronization
import TestSupport
import Testing

/// The program itself, beside the fake server.
@Suite("sluice put, ls, get, rm")
struct CommandTests {
    private func with(_ body: (CommandPlace) async throws -> Void) async throws {
        try await CommandPlace.with(body)
    }

    @Test("standard output is data to the byte, and standard error is empty when all is well")
    func output() async throws {
        try await with { place in
            let put = try await place.sluice("put", try place.file("a b", [1, 2, 3]))
            let id = try #require(place.server.files.first?.id)
            #expect(put.status == 0)
            #expect(put.output == "\(id)\ta b\n")
            #expect(put.errors.isEmpty)
            let digest = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"
            let list = try await place.sluice("ls")
            #expect(list.output == "\(id)\tstaged\t3\t\(digest)\ta b\n")
            let json = try await place.sluice("ls", "--json")
            let line = #"{"id":"\#(id)","name":"a b","size":3,"contentType":"text/plain","sha256":"\#(digest)","state":"staged""#
            #expect(json.output == line + #","createdAt":"2026-11-22T22:53:26.511Z","storedAt":null}"# + "\n")
            let get = try await place.sluice("get", id, "-o", place.folder)
            #expect(get.output == "\(id)\t\(place.folder)/a b\n")
            #expect(FileManager.default.contents(atPath: place.folder + "/a b") == Data([1, 2, 3]))
            let content = try await place.sluice("get", id, "--output", "-")
            #expect(Array(content.output.utf8) == [1, 2, 3])
            let removed = try await place.sluice("rm", id)
            #expect(removed.output == id + "\n")
            #expect([list, json, get, content, removed].allSatisfy { $0.status == 0 && $0.errors.isEmpty })
            #expect(try await place.sluice("ls").output.isEmpty)
        }
    }

    @Test("exit status 1: refused, told on standard error, and with --json as data too")
    func refused() async throws {
        try await with { place in
            place.server.fail("PUT", .answer(413, type: "/problems/file-too-large"))
            let path = try place.file("a", [1])
            let put = try await place.sluice("put", "--json", path)
            #expect(put.status == 1)
            #expect(put.errors == "sluice: \(path): 413 Refused\n")
            let error = #"{"kind":"refused","message":"413 Refused","type":"/problems/file-too-large","status":413}"#
            #expect(put.output == #"{"path":"\#(path)","error":\#(error)}"# + "\n")
            let unknown = "01a20576-e06f-7478-8249-000000000000"
            for command in ["rm", "get"] {
                let result = try await place.sluice(command, unknown)
                #expect(result.status == 1)
                #expect(result.output.isEmpty)
            }
        }
    }

    @Test(
        "exit status 64: wrong use",
        arguments: [
            ["put"], ["put", "--parallel", "0", "a"], ["put", "--patience", "soon", "a"], ["get", "no-id"], ["rm", "../x"],
            ["ls", "--sort", "colour"], ["put", "--resumable-from", "much", "a"], ["put", "--type", "a b", "a"],
            ["get", "01a20576-e06f-7478-8249-000000000000", "01a20576-e06f-7478-8249-000000000001", "--output", "/nowhere/a"],
        ])
    func usage(arguments: [String]) async throws {
        let result = try await Program.run("sluice", arguments, environment: ["HOME": "/nowhere"])
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
    }

    @Test("exit status 69: no server within the patience")
    func unreachable() async throws {
        try await with { place in
            let away = try ReservedPort()
            let address = "http://127.0.0.1:\(away.number)"
            let result = try await place.sluice("put", try place.file("a", [1]), "--patience", "700ms", with: ["SLUICE_URL": address])
            #expect(result.status == 69)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains("cannot be reached"))
            // It weighs more than what is said and cannot be written.
            let child = try ChildProcess(
                [Program.folder + "/sluice", "put", "--json", place.folder + "/data/a", "--patience", "700ms"],
                environment: place.environment.merging(["SLUICE_URL": address]) { $1 }, output: .file("/dev/full"))
            #expect(await child.end() == 69)
            withExtendedLifetime(away) {}
        }
    }

    @Test("exit status 69 at once: the server's certificate is signed by nobody that the system knows")
    func untrusted() async throws {
        try await with { place in
            let files = try TestCertificate(in: place.folder)
            let port = try LoopbackPort.free()
            let server = try ChildProcess([
                "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", files.certificate, "-key", files.key, "-www", "-quiet",
            ])
            defer { server.kill() }
            let address = ["SLUICE_URL": "https://127.0.0.1:\(port)"]
            // It may not listen yet.
            var list = try await place.sluice("ls", "--patience", "1ms", with: address)
            let end = ContinuousClock.now + Duration.seconds(20).stretched
            while list.errors.contains("connect to"), ContinuousClock.now < end {
                list = try await place.sluice("ls", "--patience", "1ms", with: address)
            }
            let start = ContinuousClock.now
            list = try await place.sluice("ls", "--patience", "\(30 * Patience.factor)s", with: address)
            #expect(list.status == 69 && list.errors.contains("certificate"), "\(list.errors)")
            #expect(ContinuousClock.now - start < Duration.seconds(5).stretched, "it is not tried again")
        }
    }

    @Test("of several failures the status is that which decides what to do next")
    func weights() {
        #expect(CommandStatus.allCases.sorted() == [.success, .refused, .local, .postponed, .unreachable, .tokenRefused])
    }

    @Test("files go as their size says: below 4 MiB in one request, from there on so that they can be resumed; and with their type")
    func defaults() async throws {
        try await with { place in
            _ = try place.file("large", ClientFixture.bytes(4 << 20))
            _ = try place.file("small", ClientFixture.bytes(4 << 20 - 1))
            let put = try await place.sluice("put", "--type", "image/png", place.folder + "/data")
            #expect(put.status == 0)
            let (whole, begun) = (try #require(place.server.seen("PUT").first), try #require(place.server.seen("POST").first))
            #expect(place.server.seen("PUT").count == 1 && whole.path.hasSuffix("/small") && whole.bytes == 4 << 20 - 1)
            #expect(whole.fields["content-type"] == "image/png")
            #expect(place.server.seen("POST").count == 1 && begun.fields["upload-length"] == String(4 << 20))
            let type = Data("image/png".utf8).base64EncodedString()
            #expect(begun.fields["upload-metadata"]?.contains("filetype \(type)") == true)
        }
    }

    @Test("what is to be listed, and in which order, is the server's to say")
    func list() async throws {
        try await with { place in
            _ = try await place.sluice("ls", "--search", "report", "--sort", "-size")
            #expect(place.server.seen("GET").map(\.path) == ["/api/v1/files?limit=500&sort=-size&search=report"])
        }
    }

    @Test("exit status 74: something here cannot be read, or what is said cannot be written")
    func local() async throws {
        try await with { place in
            #expect(try await place.sluice("put", place.folder + "/none").status == 74)
            let id = place.server.add("a", [1])
            for arguments in [["ls"], ["get", id, "-o", "-"], ["rm", id]] {
                let child = try ChildProcess(
                    [Program.folder + "/sluice"] + arguments, environment: place.environment, output: .file("/dev/full"))
                #expect(await child.end() == 74, "\(arguments)")
            }
        }
    }

    @Test("exit status 75: given up for now, and the same command goes on")
    func postponed() async throws {
        try await with { place in
            place.server.fail("PUT", .answer(503, fields: ["retry-after": "3600"]))
            let path = try place.file("a", [1])
            let first = try await place.sluice("put", path)
            #expect(first.status == 75)
            #expect(first.errors.contains("to be tried again in 3600 s"))
            #expect(try await place.sluice("put", path).status == 0)
        }
    }

    @Test("no proxy sees the token in clear")
    func proxy() async throws {
        try await FakeServer.with { proxy in
            try await with { place in
                let list = try await place.sluice("ls", with: ["http_proxy": proxy.url, "all_proxy": proxy.url, "no_proxy": ""])
                #expect(list.status == 0)
                #expect(proxy.seen.isEmpty)
            }
        }
    }

    @Test("to a server with TLS the proxy of the environment is asked for a tunnel, and hears nothing of the token")
    func tunnel() async throws {
        try await FakeServer.with { proxy in
            try await with { place in
                let changes = ["SLUICE_URL": "https://files.example.test", "https_proxy": proxy.url]
                let child = try ChildProcess(
                    [Program.folder + "/sluice", "ls"], environment: place.environment.merging(changes) { $1 })
                let end = ContinuousClock.now + Duration.seconds(20).stretched
                while proxy.seen.isEmpty, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
                child.kill()
                let asked = try #require(proxy.seen.first)
                #expect(asked.method == "CONNECT" && asked.path == "files.example.test:443")
                #expect(!asked.fields.values.contains { $0.contains("slc_right") })
            }
        }
    }

    @Test("exit status 77: the token is not accepted, and is in no output")
    func token() async throws {
        try await with { place in
            for arguments in [["put", try place.file("a", [1])], ["ls"], ["rm", "01a20576-e06f-7478-8249-000000000000"]] {
                let result = try await Program.run(
                    "sluice", arguments, environment: place.environment.merging(["SLUICE_TOKEN": "slc_stolen"]) { $1 })
                #expect(result.status == 77)
                #expect(result.output.isEmpty)
                #expect(!result.errors.contains("stolen"))
            }
        }
    }

    @Test("exit status 78: wrong configuration")
    func configuration() async throws {
        try await with { place in
            let path = place.folder + "/mine"
            let content = Data("url=\(place.server.url)\ntoken=slc_right\n".utf8)
            #expect(FileManager.default.createFile(atPath: path, contents: content, attributes: [.posixPermissions: 0o644]))
            let open = try await place.sluice("ls", "--config", path)
            #expect(open.status == 78)
            #expect(open.errors == "sluice: others may read the token in \(path): chmod 600 \(path)\n")
            #expect(chmod(path, 0o600) == 0)
            #expect(try await place.sluice("ls", "--config", path, with: ["SLUICE_URL": "https://elsewhere.example"]).status == 0)
            #expect(try await place.sluice("ls", with: ["SLUICE_URL": ""]).status == 78)
        }
    }

    @Test(
        "exit status 130, 143 and 129: interrupted, what is begun is kept, and the token is on no command line",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func interrupted(signal: Int32) async throws {
        try await with { place in
            let content = ClientFixture.bytes(2 << 20)
            let path = try place.file("a", content)
            place.server.fail("PATCH", .cut(after: 1 << 20), .hang)
            let (child, errors) = try place.start("put", "--resumable-from", "1", path)
            try await place.reached("PATCH", 2)
            let line = try String(contentsOfFile: "/proc/\(child.id)/cmdline", encoding: .utf8)
            #expect(!line.contains("slc_right") && line.contains("resumable-from"))
            child.signal(signal)
            #expect(await child.end() == 128 + signal)
            #expect(try String(contentsOfFile: errors, encoding: .utf8).isEmpty)
            let next = try await place.sluice("put", "--resumable-from", "1", path)
            #expect(next.status == 0)
            #expect(place.server.files.map(\.content) == [content])
            #expect(place.server.seen("PATCH").last?.fields["upload-offset"] == String(1 << 20))
        }
    }

    @Test("killed in the middle of many files, the same command sends the rest, and none twice")
    func killed() async throws {
        try await with { place in
            for index in 0..<200 { _ = try place.file("\(index)", [UInt8](repeating: UInt8(index), count: index)) }
            // Before all others.
            _ = try place.file("+", ClientFixture.bytes(3 << 20))
            place.server.fail("PATCH", .cut(after: 1 << 20), .hang, .cut(after: 1 << 20), .hang)
            for kill in 1...4 {
                for _ in 0..<20 { place.server.fail("PUT", .pass) }
                place.server.fail("PUT", .hangAfter, .hang, .hangAfter)
                let (child, _) = try place.start("put", "--resumable-from", "1MiB", "--parallel", "4", place.folder + "/data")
                try await place.reached("PUT", kill * 23)
                child.kill()
            }
            place.server.state.withLock { $0.faults = [:] }
            let last = try await place.sluice("put", "--resumable-from", "1MiB", "--parallel", "4", place.folder + "/data")
            #expect(last.status == 0)
            #expect(place.server.files.count == 201)
            #expect(Set(place.server.files.map(\.name)).count == 201)
            #expect(place.server.state.withLock { $0.uploads.count } == 1)
            let told = Set(last.output.split(separator: "\n").compactMap { $0.split(separator: "\t").first.map(String.init) })
            #expect(told == Set(place.server.files.map(\.id)))
        }
    }

    @Test("a disk that is full for a while costs the receipt that it cut off, and no other: nothing is sent twice")
    func full() async throws {
        try await with { place in
            let content = ClientFixture.bytes(100)
            for (name, bytes) in [("a", [1]), ("b", [2]), ("c", content)] { _ = try place.file(name, bytes) }
            let options = ["put", "--parallel", "1", "--resumable-from", "100", place.folder + "/data"]
            // In the middle of the second receipt; the large file waits until there is room again.
            for _ in 0..<8 { place.server.fail("POST", .answer(503)) }
            let child = try ChildProcess(
                ["prlimit", "--fsize=340:unlimited", Program.folder + "/sluice"] + options, environment: place.environment)
            try await place.reached("POST", 1)
            let widening = try ChildProcess(["prlimit", "--pid", String(child.id), "--fsize=unlimited"])
            #expect(await widening.end() == 0)
            place.server.state.withLock { $0.faults = [:] }
            #expect(await child.end() == 74)
            let next = try await Program.run("sluice", options, environment: place.environment)
            #expect(next.status == 0)
            #expect(place.server.files.map(\.content) == [[1], [2], content])
            #expect(next.output.split(separator: "\n").count == 3)
        }
    }

    @Test("progress is shown on a terminal and nowhere else, and leaves nothing there")
    func terminal() async throws {
        try await with { place in
            let content = ClientFixture.bytes(2 << 20)
            let path = try place.file("large", content)
            place.server.fail("PATCH", .cut(after: 1 << 20))
            let output = place.folder + "/screen"
            let spawn = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
            let command = ["python3", "-c", spawn, Program.folder + "/sluice", "put", "--resumable-from", "1", path]
            let environment = place.environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }
            let child = try ChildProcess(command, environment: environment, output: .file(output))
            #expect(await child.end() == 0)
            let screen = try String(contentsOfFile: output, encoding: .utf8)
            #expect(screen.contains("large [") && screen.contains(" %  ") && screen.contains("of 1 files"))
            let id = try #require(place.server.files.first?.id)
            #expect(screen.contains("\u{1B}[J\(id)\tlarge\r\n"))
            #expect(try await place.sluice("put", path).errors.isEmpty)
        }
    }
}
