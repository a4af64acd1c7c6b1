import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import Testing

@Suite("Main job", .serialized)
struct UploadTests {
    /// MiB that neither process may ever have resident.
    private static let memoryLimit = 150

    @Test("fifty files in one request and one of 1 GiB arrive byte-identical, in little memory")
    func arrive() async throws {
        try await LocalStack.with { stack in
            let client = try await stack.client(named: "alice")
            let contents = (0..<50).map { Noise.bytes(1 + $0 * 4099) }
            let files = try await client.post(contents.enumerated().map { ("file \($0.offset).bin", $0.element) })
            #expect(files.map(\.sha256) == contents.map(Digests.of))

            let (body, digest) = Noise.stream(mebibytes: 1024)
            let large = try await client.put("large.bin", body, timeout: .minutes(5))
            #expect(large.size == 1 << 30)
            #expect(large.sha256 == digest.finish())

            try await eventually(within: .seconds(120), "all files are stored") {
                try await client.list().allSatisfy { $0.state == "stored" }
            }
            let objects = stack.objects()
            #expect(objects.count == 51)
            for file in files + [large] {
                let path = try #require(objects[file.id])
                #expect(try Digests.of(fileAt: path) == file.sha256)
            }
            #expect(stack.files(below: "staging/ready").isEmpty)
            #expect(stack.files(below: "staging/incoming").isEmpty)
            for process in ["web", "worker"] {
                let peak = try stack.peakMemory(process)
                print("peak memory of \(process): \(peak) MiB")
                #expect(peak < Self.memoryLimit)
            }
        }
    }

    @Test("H61 H62 a file is its owner's alone, through nginx too, and gone once deleted")
    func ownership() async throws {
        try await LocalStack.with { stack in
            let owner = try await stack.client(named: "owner")
            let stranger = try await stack.client(named: "stranger")
            let content = Noise.bytes(100_000)
            let file = try #require(try await owner.post([("näme.txt", content)]).first)
            try await eventually(within: .seconds(30), "stored") { try await owner.get(file.id).state == "stored" }

            let path = "/api/v1/files/\(file.id)/content"
            let whole = try await owner.send("GET", path)
            #expect(whole.status == 200)
            #expect(Array(whole.body.readableBytesView) == content)
            #expect(whole.headers["content-disposition"]?.hasPrefix("attachment") == true)
            #expect(whole.headers["x-content-type-options"] == "nosniff")
            let range = try await owner.send("GET", path, headers: ["Range": "bytes=10-19"])
            #expect(range.status == 206)
            #expect(Array(range.body.readableBytesView) == Array(content[10..<20]))

            for method in ["GET", "DELETE"] {
                #expect(try await stranger.send(method, "/api/v1/files/\(file.id)").status == 404)
            }
            #expect(try await stranger.send("GET", path).status == 404)
            #expect(try await stranger.list().isEmpty)
            let object = try #require(stack.objects()[file.id]).dropFirst((stack.state + "/ftp").count)
            for hidden in [
                "/_stored\(object)", "/_stored/", "/_stored", "/_stored/../_stored\(object)", "//_stored\(object)", "/_stored%2f",
            ] {
                #expect(try await owner.send("GET", hidden).status == 404, "\(hidden)")
            }

            #expect(try await owner.send("DELETE", "/api/v1/files/\(file.id)").status == 204)
            #expect(try await owner.send("GET", path).status == 404)
            try await eventually(within: .seconds(30), "the object is gone") { stack.objects().isEmpty }
        }
    }

    @Test("H72 a worker killed in the middle of a transfer has its job run elsewhere within 16 s, leaving one object")
    func killedWorker() async throws {
        try await LocalStack.with { stack in
            let client = try await stack.client(named: "carol")
            let (body, digest) = Noise.stream(mebibytes: 512)
            try await stack.control("stop", "worker")
            let file = try await client.put("big.bin", body, timeout: .minutes(3))
            try await stack.control("start", "worker")
            try await eventually(within: .seconds(20), "the transfer has begun") { stack.objects()[file.id + ".part"] != nil }
            // Or the transfer is over before the command has come to the kill, which takes it a while on a busy machine.
            let worker = try stack.processID("worker")
            #expect(kill(worker, SIGSTOP) == 0)
            try await stack.control("kill", "worker")
            let killed = ContinuousClock.now
            #expect(try await client.get(file.id).state == "staged", "killed too late to prove anything")
            try await stack.control("start", "worker-1")
            let left = try #require(stack.objects()[file.id + ".part"])
            try await eventually(within: .seconds(16), "the job has begun elsewhere: the part of the lost lease is gone") {
                !FileManager.default.fileExists(atPath: left)
            }
            print("seconds from SIGKILL to the next run: \(ContinuousClock.now - killed)")
            try await eventually(within: .seconds(30), "stored") { try await client.get(file.id).state == "stored" }
            #expect(stack.objects().keys.sorted() == [file.id])
            #expect(try Digests.of(fileAt: #require(stack.objects()[file.id])) == digest.finish())
        }
    }
}
