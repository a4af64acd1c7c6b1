import AsyncHTTPClient
import Foundation
import NIOCore
import Testing

@Suite("Outages", .serialized)
struct OutageTests {
    private func probe(_ stack: LocalStack, _ name: String) async throws -> (status: UInt, body: String) {
        try await probe(at: try stack.address(name))
    }

    private func probe(at address: String) async throws -> (status: UInt, body: String) {
        let anybody = Client(address: address, token: "none")
        let answer = try await anybody.send("GET", "/ready", timeout: .seconds(10))
        return (answer.status, String(buffer: answer.body))
    }

    @Test("each server that is not there is named by /ready, answered with 503 where needed, and forgotten when it is back")
    func outage() async throws {
        try await LocalStack.with { stack in
            let client = try await stack.client(named: "dora")
            for (server, takesUploads) in [("postgres", false), ("redis", true)] {
                try await stack.control("kill", server)
                try await eventually(within: .seconds(20), "/ready names \(server)") {
                    let ready = try await probe(stack, "web_probe")
                    return ready.status == 503 && ready.body.lowercased().contains(server)
                }
                let answer = try await client.send("PUT", "/api/v1/files/x-\(server)", body: .bytes(ByteBuffer(string: server)))
                #expect(answer.status == (takesUploads ? 202 : 503), "\(server): \(String(buffer: answer.body))")
                if !takesUploads { #expect(answer.headers["retry-after"] != nil) }
                try await stack.control("start", server)
                try await eventually(within: .seconds(30), "ready again") { try await probe(stack, "web_probe").status == 200 }
            }
            try await stack.control("kill", "ftp")
            let late = try await client.put("late.txt", .bytes(ByteBuffer(string: "late")))
            try await eventually(within: .seconds(30), "/ready of the worker names ftp") {
                let ready = try await probe(stack, "worker_probe")
                return ready.status == 503 && ready.body.contains("ftp")
            }
            try await stack.control("start", "ftp")
            try await eventually(within: .seconds(60), "what was accepted meanwhile is stored") {
                try await client.list().allSatisfy { $0.state == "stored" }
            }
            #expect(stack.objects()[late.id] != nil)
            #expect(stack.objects().count == 2)
        }
    }

    @Test("H24 a Web without room on its staging disk says so in /ready and takes nothing more; what was accepted is stored")
    func fullStaging() async throws {
        try await LocalStack.with { stack in
            let client = try await stack.client(named: "emil")
            try await stack.control("kill", "ftp")
            let before = try await client.put("before.txt", .bytes(ByteBuffer(string: "before")))
            let full = try SecondWeb(beside: stack)
            defer { full.kill() }
            try await full.start(["SLUICE_STAGING_RESERVE": "900TiB"])
            try await eventually(within: .seconds(20), "/ready names the staging area") {
                let ready = try await probe(at: full.probe)
                return ready.status == 503 && ready.body.contains("staging")
            }
            let late = Client(address: full.address, token: client.token)
            let refused = try await late.send("PUT", "/api/v1/files/late", body: .bytes(ByteBuffer(string: "late")))
            #expect(refused.status == 507 && refused.headers["retry-after"] != nil)
            #expect(try await late.list().map(\.state) == ["staged"])
            try await stack.control("start", "ftp")
            try await eventually(within: .seconds(60), "what was accepted is stored") {
                try await late.list().map(\.state) == ["stored"]
            }
            #expect(stack.objects()[before.id] != nil)
        }
    }

    @Test("wrong settings: one message names every key, exit status 78", arguments: ["Web", "Worker"])
    func settings(program: String) async throws {
        let folder = ProcessInfo.processInfo.environment["SLUICE_TEST_BIN"] ?? ".build/release"
        let result = try await Command.run(
            "\(folder)/\(program)", [],
            environment: ["SLUICE_REDIS_URL": "nonsense", "SLUICE_DATABSE_URL": "postgres://x", "PATH": "/usr/bin"])
        #expect(result.status == 78)
        for key in ["SLUICE_DATABASE_URL", "SLUICE_REDIS_URL", "SLUICE_STAGING", "SLUICE_DATABSE_URL"] {
            #expect(result.output.contains(key), "\(key) is not named in: \(result.output)")
        }
    }
}
