import Platform
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Connection cap")
    struct ConnectionCapTests {
        @Test("connections beyond the cap wait, unanswered and not refused, until one ends; the event is reported")
        func waits() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_CONNECTIONS": "3"])) { server in
                let call = HTTPCall("GET", "/openapi.yaml")
                var open: [Peer] = []
                for _ in 0..<3 {
                    let peer = try await server.connect()
                    #expect(try await peer.call(call).status == 200)
                    open.append(peer)
                }
                #expect(await eventually { server.log.all.contains { $0.contains("connections_exhausted") } })
                var waiting: [Peer] = []
                for _ in 0..<3 {
                    let peer = try await server.connect()
                    try await peer.send(call.bytes)
                    waiting.append(peer)
                }
                for peer in waiting { #expect(await peer.isQuiet(for: 100)) }
                // Those within the cap go on being served.
                #expect(try await open[2].call(call).status == 200)
                for (ending, next) in zip(open, waiting) {
                    await ending.close()
                    #expect(try await next.receive(call).status == 200)
                }
            }
        }
    }
}

struct ConnectionBudgetTests {
    @Test(
        "no more connections than there are descriptors for, with a quarter of these left for files",
        arguments: [(16_384, 1_048_576, 16_384), (16_384, 20_000, 14_744), (4096, 1024, 512), (10, 1024, 10), (4096, 100, 1), (1, 0, 1)])
    func budget(wanted: Int, descriptors: Int, connections: Int) {
        #expect(ConnectionCap.connections(wanted: wanted, descriptors: descriptors) == connections)
    }
}
