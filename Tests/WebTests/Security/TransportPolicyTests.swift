import Testing

extension OverSockets {
    @Suite("Strict transport security")
    struct TransportPolicyTests {
        private static let paths = ["/login", "/", "/nowhere", "/api/v1/files", "/api/v1/nowhere", "/openapi.yaml", "/assets/nothing.js"]

        @Test(
            "ASVS 3.4.1 every answer of a public address with TLS asks for TLS: pages, redirections, API, assets, errors, what is no HTTP")
        func secure() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let page = try await browser.get("/login")
                for path in Self.paths + Page.addresses("/assets/", in: page.text) {
                    #expect(try await browser.get(path)["strict-transport-security"] == Answer.transportPolicy, "\(path)")
                    #expect(
                        try await browser.send(HTTPCall("PATCH", path))["strict-transport-security"] == Answer.transportPolicy, "\(path)")
                }
                let peer = try await server.connect()
                try await peer.send("what is this\r\n\r\n")
                let malformed = try await peer.receive()
                #expect(malformed.status == 400 && malformed["strict-transport-security"] == Answer.transportPolicy)
                await peer.close()
            }
        }

        @Test("by plain HTTP, which is for loopback, no answer does")
        func plain() async throws {
            try await WebServer.withRedis(["SLUICE_PUBLIC_ADDRESS": "http://127.0.0.1:8080"]) { server, _ in
                for path in Self.paths {
                    let peer = try await server.connect()
                    try await peer.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: text/html\r\n\r\n")
                    #expect(try await peer.receive()["strict-transport-security"] == nil, "\(path)")
                    await peer.close()
                }
            }
        }
    }
}
