import Platform
import Testing

extension OverSockets {
    @Suite("Connections")
    struct ConnectionTests {
        @Test("many requests on one connection, uploads and refusals without a body among them")
        func keepAlive() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let peer = try await server.connect()
                for index in 0..<20 {
                    #expect(try await peer.call(.put("f\(index)", token: account.token)).status == 202)
                    #expect(try await peer.call(HTTPCall("GET", "/api/v1/files/no", token: account.token)).status == 404)
                    #expect(try await peer.call(.post(Form().file("g\(index)"), token: account.token)).status == 202)
                }
                let list = try await peer.call(HTTPCall("GET", "/api/v1/files?limit=100", token: account.token))
                #expect(try list.files().count == 40)
            }
        }

        @Test("pipelined requests are all answered, in order")
        func pipelined() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let calls = (0..<30).map { HTTPCall.put("f\($0)", token: account.token) }
                let peer = try await server.connect()
                try await peer.send(calls.flatMap(\.bytes))
                for (index, call) in calls.enumerated() { #expect(try await peer.receive(call).files()[0].name == "f\(index)") }
            }
        }

        @Test("a pipelined request that comes in pieces behind others is answered too")
        func pipelinedPieces() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let calls = (0..<4).map { HTTPCall.put("f\($0)", token: account.token) }
                let bytes = calls.flatMap(\.bytes)
                let peer = try await server.connect()
                try await peer.send(Array(bytes.dropLast(3)))
                for call in calls.dropLast() { #expect(try await peer.receive(call).status == 202) }
                try await peer.send(Array(bytes.suffix(3)))
                #expect(try await peer.receive(calls[3]).status == 202)
            }
        }

        @Test("the client's Connection: close ends the connection after the answer")
        func clientCloses() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let peer = try await server.connect()
                #expect(try await peer.call(.put("a", token: account.token, "x", ["Connection: close"])).status == 202)
                #expect(try await peer.receiveEnd() == .closed)
            }
        }

        @Test("a client that half-closes behind its request gets its answer")
        func halfClose() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let peer = try await server.connect()
                let call = HTTPCall.put("a", token: account.token)
                try await peer.send(call.bytes)
                await peer.halfClose()
                #expect(try await peer.receive(call).status == 202)
                #expect(try await peer.receiveEnd() == .closed)
            }
        }

        @Test("requests in front of a half-close are all answered")
        func pipelinedHalfClose() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let calls = (0..<5).map { HTTPCall.put("f\($0)", token: account.token) }
                let peer = try await server.connect()
                try await peer.send(calls.flatMap(\.bytes))
                await peer.halfClose()
                for call in calls { #expect(try await peer.receive(call).status == 202) }
                #expect(try await peer.receiveEnd() == .closed)
            }
        }

        @Test("a large body that is refused early: the refusal can be read, then the connection ends")
        func lingeringClose() async throws {
            try await WebServer.run { server in
                let call = HTTPCall("PUT", "/api/v1/files/a", token: "slc_wrong", body: [UInt8](repeating: 0, count: 8 << 20))
                let peer = try await server.connect()
                let answer = try await peer.call(call)
                #expect(answer.status == 401 && answer["connection"] == "close")
                #expect(try await peer.receiveEnd() == .closed)
            }
        }

        @Test("100 comes before the body is sent, and only where the client expects it")
        func expectContinue() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = HTTPCall.put("a", token: account.token, "content", ["Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(call.head)
                #expect(try await peer.receive().status == 100)
                #expect(await peer.isQuiet(for: 50))
                try await peer.send(call.body)
                #expect(try await peer.receive(call).status == 202)
                try await peer.send(HTTPCall.put("b", token: account.token).bytes)
                #expect(try await peer.receive().status == 202)
            }
        }

        @Test("100 comes before the body of every call that has one")
        func expectContinueElsewhere() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = ["Expect: 100-continue"]
                var deletion = HTTPCall.deleteMany("{\"ids\":[\"a\"]}", token: account.token)
                deletion.fields += fields
                for call in [HTTPCall.post(Form().file("a"), token: account.token, fields), deletion] {
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    #expect(try await peer.receive().status == 100)
                    try await peer.send(call.body)
                    #expect(try await peer.receive(call).status < 300)
                }
            }
        }

        @Test("a refusal comes instead of the 100")
        func refusedInsteadOfContinue() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "1000"])) { server in
                let account = try await server.account()
                let expectation = "Expect: 100-continue"
                let refused: [(HTTPCall, Int)] = [
                    (.put("a", token: "slc_wrong", "x", [expectation]), 401),
                    (.put("a", token: account.token, "", [expectation, "Content-Length: 1001"]), 413),
                    (.put("a", token: account.token, "x", [expectation, "Content-Encoding: gzip"]), 415),
                    (.put("..", token: account.token, "x", [expectation]), 400),
                    (.put("a", token: account.token, "x", ["Expect: a-miracle"]), 417),
                    (HTTPCall("POST", "/api/v1/files", token: account.token, [expectation, "Content-Length: 9"]), 415),
                    (HTTPCall("DELETE", "/api/v1/files", token: account.token, [expectation, "Content-Length: 9"]), 415),
                ]
                for (call, status) in refused {
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    let answer = try await peer.receive()
                    #expect(answer.status == status, "\(call.fields)")
                    answer.check(against: call, sourceLocation: #_sourceLocation)
                    #expect(try await peer.receiveEnd() == .closed)
                }
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H23 uploads beyond the user's cap get 429 while others are served, and a free slot is taken again")
        func parallelCap() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_UPLOADS_PER_USER": "3"])) { server in
                let (greedy, other) = (try await server.account(), try await server.account())
                var held: [(Peer, HTTPCall)] = []
                for index in 0..<3 {
                    let call = HTTPCall.put("f\(index)", token: greedy.token, "content", ["Expect: 100-continue"])
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    #expect(try await peer.receive().status == 100)
                    held.append((peer, call))
                }
                for call in [HTTPCall.put("more", token: greedy.token), .post(Form().file("more"), token: greedy.token)] {
                    let answer = try await server.send(call)
                    #expect(answer.status == 429 && answer["retry-after"] == "1")
                }
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: greedy.token)).status == 200)
                #expect(try await server.send(.put("a", token: other.token)).status == 202)
                for (peer, call) in held {
                    try await peer.send(call.body)
                    #expect(try await peer.receive(call).status == 202)
                }
                #expect(try await server.send(.put("more", token: greedy.token)).status == 202)
            }
        }
    }
}
