import Platform
import Testing

extension OverSockets {
    /// Where a request ends (H12, H13): one rule, and no second request out of the first one's body.
    @Suite("Framing")
    struct FramingTests {
        private static let limit = 100_000

        @Test("H12 an endless chunked body is refused at the limit and the connection ends while the client goes on")
        func endless() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "\(Self.limit)"], chunkSize: 32 << 10)) { server in
                let account = try await server.account()
                let call = HTTPCall.put("endless", token: account.token, "", ["Transfer-Encoding: chunked"])
                let (sent, answer) = try await server.connect().sendEndless(call)
                #expect(sent < 64 << 20)
                #expect(answer.status == 413 && answer["connection"] == "close")
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H12 an endless body that nobody asked for ends the connection too", arguments: ["GET", "DELETE"])
        func unwanted(method: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let file = try await server.send(.put("a", token: account.token)).files()[0].id ?? ""
                let call = HTTPCall(method, "/api/v1/files/\(file)", token: account.token, ["Transfer-Encoding: chunked"])
                #expect(try await server.connect().sendEndless(call).answer.status < 300)
            }
        }

        @Test(
            "H13 a frame that can be read in two ways is refused, and what follows is no request",
            arguments: [
                ["Content-Length: -1"], ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 5", "Content-Length: 5"],
                ["Content-Length: 5, 5"], ["Content-Length: +5"], ["Content-Length: 0x5"], ["Content-Length: 5 5"], ["Content-Length: "],
                ["Content-Length: 99999999999999999999"], ["Content-Length: 5", "Transfer-Encoding: chunked"],
                ["Transfer-Encoding: chunked", "Content-Length: 5"], ["Transfer-Encoding: xchunked"],
                ["Transfer-Encoding: chunked, identity"], ["Transfer-Encoding: identity"],
                ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], ["Transfer-Encoding: gzip"],
                ["Transfer-Encoding : chunked"], ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], [" Content-Length: 5"],
                ["X: y\r\n Content-Length: 5"], ["Transfer-Encoding:\u{0B}chunked"],
            ])
        func ambiguous(_ fields: [String]) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let victim = try await server.send(.put("victim", token: account.token)).files()[0].id ?? ""
                var call = HTTPCall("PUT", "/api/v1/files/a", token: account.token)
                call.fields += fields
                let head = (["PUT /api/v1/files/a HTTP/1.1", "Host: a"] + call.fields).map { $0 + "\r\n" }.joined() + "\r\n"
                let smuggled = HTTPCall("DELETE", "/api/v1/files/\(victim)", token: account.token)
                let peer = try await server.connect()
                try await peer.send(Array(head.utf8) + Array("0\r\n\r\n".utf8) + smuggled.bytes)
                let answer = try await peer.receive()
                #expect((400...499).contains(answer.status) || answer.status == 501, "\(answer.status)")
                #expect(answer["connection"] == "close")
                answer.check(against: nil, sourceLocation: #_sourceLocation)
                _ = try await peer.receiveEnd()
                await #expect(throws: Peer.Failure.self) { try await peer.receive() }
                let still = try await server.send(HTTPCall("GET", "/api/v1/files/\(victim)", token: account.token))
                #expect(still.status == 200, "the second request was carried out")
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test(
            "H13 malformed chunks",
            arguments: ["-1\r\n", "zz\r\n", "5;a\r\nabc", "FFFFFFFFFFFFFFFFF\r\n", "5\r\nabcdeX\r\n", "1\r\nab\r\n"])
        func chunks(_ body: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = HTTPCall.put("a", token: account.token, "", ["Transfer-Encoding: chunked"])
                let peer = try await server.connect()
                try await peer.send(call.head + body)
                await peer.halfClose()
                let answer = try await peer.receive()
                #expect(answer.status == 400 && answer["connection"] == "close")
                #expect(try await peer.receiveEnd() == .closed)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H13 more bytes than announced are another request, and no good one")
        func tooLong() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = HTTPCall.put("a", token: account.token, "", ["Content-Length: 3"])
                let peer = try await server.connect()
                try await peer.send(call.head + "abcdef\r\n\r\n")
                #expect(try await peer.receive(call).files()[0].size == 3)
                #expect(try await peer.receive().status == 400)
                #expect(try await peer.receiveEnd() == .closed)
            }
        }

        @Test("H13 a request behind one that closes the connection is not carried out")
        func behindClose() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let victim = try await server.send(.put("victim", token: account.token)).files()[0].id ?? ""
                let refused = HTTPCall("PUT", "/api/v1/files/a", token: "slc_wrong", body: Array("abc".utf8))
                let second = HTTPCall("DELETE", "/api/v1/files/\(victim)", token: account.token)
                let peer = try await server.connect()
                try await peer.send(refused.bytes + second.bytes)
                let answer = try await peer.receive(refused)
                #expect(answer.status == 401 && answer["connection"] == "close")
                #expect(try await peer.receiveEnd() == .closed)
                let still = try await server.send(HTTPCall("GET", "/api/v1/files/\(victim)", token: account.token))
                #expect(still.status == 200, "the second request was carried out")
            }
        }

        @Test("heads beyond the limits end the connection", arguments: [(1, 40_000), (150, 10), (50, 1000)])
        func heads(count: Int, length: Int) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = (0..<count).map { "X-\($0): \(String(repeating: "a", count: length))" }
                let call = HTTPCall("GET", "/api/v1/files", token: account.token, fields)
                let peer = try await server.connect()
                try? await peer.send(call.bytes)
                let answer = try await peer.receive()
                #expect(answer.status == 431)
                answer.check(against: nil, sourceLocation: #_sourceLocation)
                _ = try await peer.receiveEnd()
            }
        }

        @Test(
            "H14 HTTP/2 is not spoken: neither with prior knowledge nor by an upgrade, and no line break gets into a target",
            arguments: [
                ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
                (
                    "GET /api/v1/files HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
                    401
                ),
                ("GET /a\nX: y HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ])
        func http2(_ bytes: String, status: Int) async throws {
            try await WebServer.run { server in
                let peer = try await server.connect()
                try await peer.send(bytes)
                await peer.halfClose()
                let answer = try await peer.receive()
                #expect(answer.status == status && answer["upgrade"] == nil)
                answer.check(against: nil, sourceLocation: #_sourceLocation)
            }
        }

        @Test(
            "what is no HTTP",
            arguments: [
                "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}\u{3}\u{3}", "GET\r\n\r\n", "\r\n\r\n\r\n\r\nA", "GET / HTTP/9.9\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "G\u{0}T / HTTP/1.1\r\n\r\n",
            ])
        func noHTTP(_ bytes: String) async throws {
            try await WebServer.run { server in
                let peer = try await server.connect()
                try await peer.send(bytes)
                await peer.halfClose()
                let answer = try await peer.receive()
                #expect(answer.status == 400)
                answer.check(against: nil, sourceLocation: #_sourceLocation)
                _ = try await peer.receiveEnd()
            }
        }
    }
}
