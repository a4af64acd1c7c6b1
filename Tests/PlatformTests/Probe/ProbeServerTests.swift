import CoreMetrics
import Foundation
import Glibc
import Logging
import Platform
import ServiceLifecycle
import TestSupport
import Testing

struct ProbeServerTests {
    private func withServer(
        _ checks: [HealthCheck] = [], registry: PrometheusRegistry = PrometheusRegistry(), deadline: Duration = .seconds(60),
        cache: Duration = .zero, lifetime: Duration = .seconds(20), _ body: (ProbeClient) async throws -> Void
    ) async throws {
        let server = ProbeServer(
            configuration: .init(
                address: ListenAddress(host: "127.0.0.1", port: 0), setting: "SLUICE_TEST_PROBE", checkDeadline: deadline,
                cacheLifetime: cache,
                connectionLifetime: lifetime),
            checks: checks, registry: registry, logger: .silent)
        let port = try await server.bind()
        #expect(server.port == port && port > 0)
        let group = ServiceGroup(services: [server], logger: .silent)
        let pool = BlockingPool(name: "clients", size: 8)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body(ProbeClient(port: port, pool: pool))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(server.port == nil)
        #expect(throws: SocketError.self, "the port is closed afterwards") { close(try connected(port)) }
        await pool.shutDown()
    }

    @Test("It is live while it runs, ready without checks, and knows nothing else") func paths() async throws {
        try await withServer { (client) async throws in
            #expect(try await client.get("/live").status == 200)
            let ready = try await client.get("/ready")
            #expect(ready.status == 200 && ready.body == "{\"ready\":true,\"checks\":[]}\n")
            for path in ["/", "/liveness", "/live/", "/metrics/../live", "//live", "/Live", "*"] {
                #expect(try await client.get(path).status == 404, "\(path)")
            }
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
                #expect(try await client.get("/live", method: method).status == 404, "\(method)")
            }
        }
    }

    @Test("HEAD answers without a body but with its length") func head() async throws {
        try await withServer { client in
            let reply = try await client.get("/live?x=1", method: "HEAD")
            #expect(reply.status == 200 && reply.body.isEmpty && reply.head.contains("Content-Length: 3"))
        }
    }

    @Test("Metrics come in the text format") func metrics() async throws {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "a_total", dimensions: []).increment(by: 7)
        try await withServer(registry: registry) { client in
            let reply = try await client.get("/metrics")
            #expect(reply.status == 200 && reply.body == "# TYPE a_total counter\na_total 7\n")
            #expect(reply.head.contains("Content-Type: text/plain; version=0.0.4"))
        }
    }

    @Test("A failing check makes the process not ready and is named") func notReady() async throws {
        let checks = [
            HealthCheck(name: "redis") { nil }, HealthCheck(name: "post\"gres") { "refused\r\n\u{1B}[31m" },
        ]
        try await withServer(checks) { client in
            let reply = try await client.get("/ready")
            #expect(reply.status == 503 && reply.head.contains("application/json"))
            let object = try #require(try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any])
            #expect(object["ready"] as? Bool == false)
            let entries = try #require(object["checks"] as? [[String: String]])
            #expect(entries == [["name": "redis", "state": "ok"], ["name": "post\"gres", "state": "refused\r\n\u{1B}[31m"]])
            #expect(try await client.get("/live").status == 200, "not ready is not dead")
        }
    }

    @Test("Checks run in parallel") func parallel() async throws {
        let (one, two) = (Gate(), Gate())
        let checks = [
            HealthCheck(name: "a") {
                one.open()
                await two.pass()
                return nil
            },
            HealthCheck(name: "b") {
                two.open()
                await one.pass()
                return nil
            },
        ]
        try await withServer(checks) { (client) async throws in #expect(try await client.get("/ready").status == 200) }
    }

    @Test("A check that hangs is overdue at its deadline, delays nobody else, and is not started twice") func overdue() async throws {
        let (gate, starts) = (Gate(), Tally())
        let checks = [
            HealthCheck(name: "hangs") {
                starts.add(1)
                await gate.pass()
                return nil
            },
            HealthCheck(name: "fine") { nil },
        ]
        try await withServer(checks, deadline: .milliseconds(50).stretched) { client in
            var seen: [String] = []
            for _ in 0..<5 {
                let reply = try await client.get("/ready")
                #expect(reply.status == 503 && reply.body.contains(#"{"name":"hangs","state":"overdue"}"#))
                seen.append(reply.body)
            }
            #expect(starts.count == 1)
            #expect(seen.contains { $0.contains(#"{"name":"fine","state":"ok"}"#) })
            gate.open()
            var status: Int?
            for _ in 0..<1000 where status != 200 { status = try await client.get("/ready").status }
            #expect(status == 200, "it recovers when the check returns")
        }
    }

    @Test("A flood of requests costs one evaluation while the answer is fresh") func flood() async throws {
        let evaluations = Tally()
        let check = HealthCheck(name: "a") {
            evaluations.add(1)
            return nil
        }
        try await withServer([check], cache: .seconds(3600)) { client in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<200 { group.addTask { try await client.get("/ready").status } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(evaluations.count == 1)
        }
        try await withServer([check], cache: .zero) { (client) async throws in
            for _ in 0..<3 { #expect(try await client.get("/ready").status == 200) }
        }
        #expect(evaluations.count == 4)
    }

    @Test("H12 Garbage and endless requests end the connection, and the next one is served") func garbage() async throws {
        try await withServer { (client) async throws in
            #expect(try await client.send("\u{16}\u{3}\u{1} nonsense\r\n\r\n").status == 400)
            #expect(try await client.send("GET /" + String(repeating: "a", count: 1 << 20)).status == nil)
            #expect(try await client.send("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 100_000)).status ?? 400 == 400)
            #expect(try await client.get("/live").status == 200)
        }
    }

    @Test("H22 A client that sends nothing, or slowly, is cut off") func slow() async throws {
        try await withServer(lifetime: .milliseconds(100)) { (client) async throws in
            #expect(try await client.send("").text.isEmpty)
            #expect(try await client.send("GET /live HT").text.isEmpty)
        }
    }

    @Test("The number of connections is bounded, and a place is free again when one closes") func connections() async throws {
        try await withServer { client in
            let sockets = try (0..<64).map { _ in try connected(client.port) }
            // The server has seen all of them once it refuses one more.
            var refusals = 0
            for _ in 0..<10_000 where refusals == 0 { if try await client.get("/live").text.isEmpty { refusals += 1 } }
            #expect(refusals == 1)
            for socket in sockets { close(socket) }
            var status: Int?
            for _ in 0..<10_000 where status == nil { status = try await client.get("/live").status }
            #expect(status == 200)
        }
    }

    @Test("A port that is taken is reported when binding") func taken() async throws {
        try await withServer { client in
            let second = ProbeServer(
                configuration: .init(address: ListenAddress(host: "127.0.0.1", port: client.port), setting: "SLUICE_TEST_PROBE"),
                checks: [],
                registry: PrometheusRegistry(),
                logger: .silent)
            let error = await #expect(throws: ListenError.self) { try await second.bind() }
            #expect("\(error as Any)".contains("cannot listen on 127.0.0.1:\(client.port), as SLUICE_TEST_PROBE says: "))
        }
    }
}
