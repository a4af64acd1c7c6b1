import Metrics
import Platform
import Testing

extension OverSockets {
    @Suite("Request metrics")
    struct RequestMetricsTests {
        @Test("requests are counted by route pattern, method and class of status, and strange methods are one")
        func series() async throws {
            let registry = PrometheusRegistry()
            try await withMetricsFactory(registry) {
                try await WebServer.run { server in
                    let account = try await server.account()
                    let peer = try await server.connect()
                    for name in ["a", "b", "c"] {
                        #expect(try await peer.call(HTTPCall("GET", "/api/v1/files/\(name)", token: account.token)).status == 404)
                    }
                    for method in ["PROPFIND", "MKCOL"] {
                        #expect(try await server.send(HTTPCall(method, "/api/v1/nowhere", token: account.token)).status == 404)
                    }
                }
            }
            let lines = String(decoding: registry.render(), as: UTF8.self).split(separator: "\n")
                .filter { $0.hasPrefix("sluice_http_request_seconds_count") }
            #expect(
                Set(lines) == [
                    #"sluice_http_request_seconds_count{method="GET",route="/api/v1/files/{id}",status="4xx"} 3"#,
                    #"sluice_http_request_seconds_count{method="other",route="NotFound",status="4xx"} 2"#,
                ])
        }
    }
}
