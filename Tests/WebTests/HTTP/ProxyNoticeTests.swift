import Testing

extension OverSockets {
    @Suite("Proxies that nobody counted")
    struct ProxyNoticeTests {
        private func lines(_ settings: [String: String], _ fields: [String]) async throws -> [String] {
            let log = Recorder<String>()
            try await WebServer.withRedis(settings) { server, _ in
                for _ in 0..<3 {
                    let peer = try await server.connect()
                    try await peer.send(HTTPCall("GET", "/login", fields).bytes)
                    _ = try await peer.receive()
                    await peer.close()
                }
                log.record(contentsOf: server.log.all)
            }
            return log.all.filter { $0.contains("SLUICE_TRUSTED_PROXIES") }
        }

        @Test("H87 a public address elsewhere without a trusted proxy is warned of at the start, and fields of proxies once as well")
        func warned() async throws {
            let quiet = try await lines(["SLUICE_TRUSTED_PROXIES": "0"], [])
            #expect(quiet.count == 1 && quiet[0].contains("SLUICE_PUBLIC_ADDRESS is not on loopback"))
            let forwarded = try await lines(["SLUICE_TRUSTED_PROXIES": "0"], ["X-Forwarded-For: 192.0.2.1"])
            #expect(forwarded.count == 2 && forwarded[1].contains("requests carry X-Forwarded-For"))
        }

        @Test("with a trusted proxy, or on loopback, there is nothing to warn of")
        func quiet() async throws {
            #expect(try await lines([:], ["X-Forwarded-For: 192.0.2.1"]).isEmpty)
            #expect(try await lines(["SLUICE_TRUSTED_PROXIES": "0", "SLUICE_PUBLIC_ADDRESS": "http://127.0.0.1:8080"], []).isEmpty)
        }
    }
}
