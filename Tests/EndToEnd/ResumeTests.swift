import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Resuming", .serialized)
struct ResumeTests {
    /// What a request sent, and what it was told.
    private struct Request: Decodable {
        let method: String
        let offset: Int64?
        let sent: Int64
        let status: Int?
        let told: Int64?
    }

    private struct Report: Decodable {
        let digest: String
        let size: Int64
        let requests: [Request]
    }

    /// In MiB: small, unless somebody wants the proof.
    private static let size = TestServer.environment("SLUICE_TEST_RESUME").flatMap { Int($0) } ?? 64
    /// MiB a second: slow enough for a few kills, and for more where a process takes long to start again.
    private static let rate = max(6 / min(Patience.factor, 3), size / 25)
    /// What may be on its way when a process is killed, and is therefore sent again: two steps of 8 MiB, chunks, and the kernel's buffers.
    private static let tail: Int64 = 32 << 20

    @Test(
        "H48 tuspy gets its file through while one of two Webs is killed every two seconds, and sends nothing twice that was acknowledged",
        .enabled("there is no tuspy") { await TusPython.path() != nil || TestServer.isContinuousIntegration },
        arguments: [16, 1 << 20])
    func kills(chunk: Int) async throws {
        let python = try #require(await TusPython.path())
        try await LocalStack.with { stack in
            let user = try await stack.client(named: "frank")
            let second = try SecondWeb(beside: stack)
            try await second.start()
            defer { second.kill() }
            let (report, kills) = try await upload(python, chunk, user, stack, second)
            let resent = try check(report)
            print(
                "\(report.size >> 20) MiB, \(kills) kills, \(report.requests.count) requests, \(resent.count) cut, \(resent.reduce(0, +) >> 20) MiB sent again"
            )
            #expect(kills >= 3 && !resent.isEmpty, "nothing was resumed: the test tests nothing")
            try await eventually(within: .seconds(60), "the file is there") { try await user.list().count == 1 }
            let file = try #require(try await user.list().first)
            #expect(file.sha256 == report.digest && file.size == report.size && file.name == "resumed.bin")
            try await eventually(within: .seconds(120), "the file is stored") { try await user.get(file.id).state == "stored" }
            #expect(try Digests.of(fileAt: try #require(stack.objects()[file.id])) == report.digest)
            #expect(stack.files(below: "staging/partial").isEmpty)
        }
    }

    @Test("H48 while the Web that holds an upload is frozen it is 423 elsewhere; once that thaws it goes on, and nothing is mixed")
    func frozen() async throws {
        try await LocalStack.with { stack in
            let user = try await stack.client(named: "gina")
            let second = try SecondWeb(beside: stack)
            try await second.start()
            defer { second.kill() }
            let content = Noise.bytes(4 << 20)
            let version = ["Tus-Resumable": "1.0.0"]
            let creation = try await user.send(
                "POST", "/api/v1/uploads", headers: version.merging(["Upload-Length": "\(content.count)"]) { $1 })
            let path = try #require(try creation.expecting(201).headers["location"])
            @Sendable func patch(_ client: Client, at offset: Int, _ body: HTTPClientRequest.Body) async throws -> Client.Answer {
                let fields = ["Upload-Offset": "\(offset)", "Content-Type": "application/offset+octet-stream"]
                return try await client.send("PATCH", path, headers: version.merging(fields) { $1 }, body: body)
            }
            // Half of it, and then nothing for as long as this takes.
            let (pieces, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
            continuation.yield(ByteBuffer(bytes: content[..<(2 << 20)]))
            let holder = Client(address: second.address, token: user.token)
            let held = Task { try await patch(holder, at: 0, .stream(pieces, length: .known(Int64(content.count)))) }
            try await eventually(within: .seconds(20), "bytes are on the disk") {
                try stack.files(below: "staging/partial").contains { name in
                    let size = try FileManager.default.attributesOfItem(atPath: "\(stack.state)/staging/partial/\(name)")[.size] as? Int
                    return size ?? 0 > 1 << 20
                }
            }
            second.signal(SIGSTOP)
            let busy = try await user.send("HEAD", path, headers: version)
            #expect(busy.status == 423 && busy.headers["retry-after"] == "2")
            second.signal(SIGCONT)
            var offset: Int?
            try await eventually(within: .seconds(20), "the upload goes on") {
                offset = try await user.send("HEAD", path, headers: version).headers["upload-offset"].flatMap { Int($0) }
                return offset != nil
            }
            let start = try #require(offset)
            #expect(start <= 2 << 20)
            let end = try await patch(user, at: start, .bytes(ByteBuffer(bytes: content[start...]))).expecting(204)
            continuation.finish()
            #expect((try? await held.value.status) != 204)
            #expect(try await user.get(try #require(end.headers["sluice-file"])).sha256 == Digests.of(content))
        }
    }

    private func upload(
        _ python: String, _ chunk: Int, _ user: Client, _ stack: LocalStack, _ second: SecondWeb
    ) async throws -> (Report, kills: Int) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-resume-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appendingPathComponent("report").path
        let first = try stack.address("web").split(separator: ":").last.map(String.init) ?? ""
        let client = try ChildProcess(
            [
                python, TusPython.stackTests("resume.py"), folder.path, user.token, String(Self.size), String(Self.rate), String(chunk),
                first,
                String(second.port),
            ], environment: ProcessInfo.processInfo.environment, output: .file(output), errors: .file(output + ".errors"))
        var kills = 0
        while client.isRunning {
            try await Task.sleep(for: .seconds(2))
            guard client.isRunning else { break }
            // The one that the client uses: it goes to the other when this one is gone.
            if kills.isMultiple(of: 2) {
                try await stack.control("kill", "web")
                try await stack.control("start", "web")
            } else {
                second.kill()
                try await second.start()
            }
            kills += 1
        }
        let status = client.wait()
        let errors = (try? String(contentsOfFile: output + ".errors", encoding: .utf8)) ?? ""
        try #require(status == 0, "\(errors)")
        return (try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: output))), kills)
    }

    /// Every PATCH begins where the client was told last, and that never goes back.
    ///
    /// - Returns: for each request that was cut, how many of its bytes were sent again.
    private func check(_ report: Report) throws -> [Int64] {
        var (told, end): (Int64, Int64?) = (0, nil)
        var resent: [Int64] = []
        for request in report.requests {
            if request.method == "PATCH" {
                #expect(request.offset == told, "bytes were sent again that had been acknowledged")
                end = told + request.sent
            }
            guard let now = request.told, (200..<300).contains(request.status ?? 0) else { continue }
            #expect(now >= told, "what was acknowledged is gone")
            if request.method == "HEAD", let sent = end {
                #expect(now <= sent)
                #expect(sent - now <= Self.tail, "\((sent - now) >> 20) MiB were not kept")
                resent.append(sent - now)
            }
            (told, end) = (now, nil)
        }
        return resent
    }
}
