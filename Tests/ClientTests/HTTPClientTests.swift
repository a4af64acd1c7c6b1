import Curl
import Foundation
import Platform
import TestSupport
import Testing

@Suite("HTTP")
struct HTTPClientTests {
    private func with<T>(_ server: FakeServer, _ body: (HTTPClient) async throws -> T) async throws -> T {
        let engine = CurlEngine(logger: .silent)
        let client = HTTPClient(engine: engine, address: try #require(PublicAddress(server.url)), maximumConnections: 1)
        let result: Result<T, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        await engine.close()
        return try result.get()
    }

    private let token = (name: "Authorization", value: "Bearer slc_right")

    @Test("H65 a redirect is an answer like any other: nobody goes there")
    func redirect() async throws {
        try await FakeServer.with { server in
            try await with(server) { client in
                server.fail("GET", .answer(302, fields: ["location": server.url + "/api/v1/files"]))
                let reply = try await client.send(HTTPRequest(.get, "/api/v1/files", fields: [token]))
                #expect(reply.status == 302)
                #expect(server.seen.count == 1)
            }
        }
    }

    @Test("H15 a control character is in no field and no target", arguments: ["a\r\nX-Evil: 1", "a\nb", "a\0b", "\u{7F}"])
    func injection(text: String) async throws {
        try await FakeServer.with { server in
            try await with(server) { client in
                for request in [
                    HTTPRequest(.get, "/" + text), HTTPRequest(.get, "/", fields: [(name: "X", value: text)]),
                    HTTPRequest(.get, "/", fields: [(name: text, value: "x")]),
                ] {
                    await #expect(throws: HTTPFailure.self) { try await client.send(request) }
                }
                #expect(server.seen.isEmpty)
            }
        }
    }

    @Test("a kept connection that the server has closed is noticed and made anew", arguments: [1, 300_000])
    func stale(size: Int) async throws {
        try await FakeServer.with { server in
            try await with(server) { client in
                for _ in 0..<5 {
                    server.fail("GET", .cut(after: 1 << 20))
                    _ = try? await client.send(HTTPRequest(.get, "/api/v1/files", fields: [token]))
                    let body = HTTPBody(ClientFixture.bytes(size))
                    let reply = try await client.send(HTTPRequest(.put, "/api/v1/files/a", fields: [token], body: body))
                    #expect(reply.status == 202)
                }
                #expect(server.files.count == 5)
            }
        }
    }

    @Test("a body that ends early ends the request, not the server's patience")
    func shortBody() async throws {
        try await FakeServer.with { server in
            try await with(server) { client in
                let body = HTTPBody(length: 100_000) { buffer, offset in offset < 50_000 ? min(buffer.count, 50_000) : 0 }
                let failure = await #expect(throws: HTTPFailure.self) {
                    try await client.send(HTTPRequest(.put, "/api/v1/files/a", fields: [token], body: body))
                }
                #expect(failure?.kind == .unreadable)
                #expect(server.files.isEmpty)
            }
        }
    }

    @Test("what libcurl says is sorted by whether the server may have heard of it")
    func sorting() {
        #expect(HTTPFailure.kind(curl: 7, hasBegun: false) == .unreachable)
        #expect(HTTPFailure.kind(curl: 6, hasBegun: false) == .unreachable)
        #expect(HTTPFailure.kind(curl: 28, hasBegun: false) == .unreachable)
        #expect(HTTPFailure.kind(curl: 28, hasBegun: true) == .lost)
        #expect(HTTPFailure.kind(curl: 52, hasBegun: false) == .lost)
        #expect(HTTPFailure.kind(curl: 56, hasBegun: true) == .lost)
        #expect(HTTPFailure.kind(curl: 60, hasBegun: false) == .untrusted)
        #expect(HTTPFailure.kind(curl: 42, hasBegun: true) == .cancelled)
    }
}
