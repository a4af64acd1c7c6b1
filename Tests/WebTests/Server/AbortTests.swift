import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    /// Uploads that end before their end (H11): nothing staged, no descriptor, no row, no announcement.
    @Suite("Aborted uploads")
    struct AbortTests {
        enum Way: CaseIterable {
            case reset, halfClose, close
        }

        /// Larger than a chunk, so that a staged file exists when the connection ends.
        private static let options = WebServer.Options(chunkSize: 64 << 10)
        private static let part = [UInt8](repeating: 0x61, count: 300_000)

        /// Sends `bytes`, waits until some of them are on the disk, ends in the given way, and looks at what is left.
        private func abort(_ bytes: [UInt8], by way: Way, _ account: WebServer.Account, at server: WebServer) async throws {
            let peer = try await server.connect()
            try await peer.send(bytes)
            #expect(await eventually { !server.stagedFiles.isEmpty }, "nothing was staged: the test tests nothing")
            switch way {
            case .reset: await peer.reset()
            case .close: await peer.close()
            case .halfClose:
                await peer.halfClose()
                let answer = try await peer.receive()
                #expect(answer.status == 400)
                #expect(answer["connection"] == "close")
                #expect(try await peer.receiveEnd() == .closed)
            }
            try await server.expectNothingLeft(of: account)
        }

        @Test("H11 a form cut in the middle of a part", arguments: Way.allCases)
        func multipart(way: Way) async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                let form = Form().file("whole.txt").file("cut.bin", bytes: Self.part)
                var call = HTTPCall.post(form, token: account.token, ["Content-Length: 1000000"])
                call.body = form.unended
                try await self.abort(call.bytes, by: way, account, at: server)
            }
        }

        @Test("H11 a raw body cut before its announced length", arguments: Way.allCases)
        func contentLength(way: Way) async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                var call = HTTPCall.put("cut.bin", token: account.token, "", ["Content-Length: 1000000"])
                call.body = Self.part
                try await self.abort(call.bytes, by: way, account, at: server)
            }
        }

        @Test("H11 H12 a chunked body cut before its last chunk", arguments: Way.allCases, [false, true])
        func chunked(way: Way, betweenChunks: Bool) async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                var call = HTTPCall.put("cut.bin", token: account.token, "", ["Transfer-Encoding: chunked"])
                let announced = Self.part.count + (betweenChunks ? 0 : 1000)
                call.body = Array((String(announced, radix: 16) + "\r\n").utf8) + Self.part + (betweenChunks ? [0x0D, 0x0A] : [])
                try await self.abort(call.bytes, by: way, account, at: server)
            }
        }

        @Test("H11 the last boundary is missing from a whole body")
        func noLastBoundary() async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                let form = Form().file("whole.txt").file("last.bin", bytes: Self.part)
                var call = HTTPCall.post(form, token: account.token)
                call.body = form.unended
                let answer = try await server.send(call)
                #expect(answer.status == 400)
                #expect(try answer.decode(Problem.self).code == "truncated")
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H11 a malformed second part takes the whole first one with it")
        func malformedSecond() async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                let form = Form().file("whole.bin", bytes: Self.part).part(["no colon"], [1])
                #expect(try await server.send(.post(form, token: account.token)).status == 400)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H11 an upload that the end of the process cuts is not taken for a whole one", arguments: [false, true])
        func shutdown(isChunked: Bool) async throws {
            var options = Self.options
            options.drainTimeout = .milliseconds(300)
            // The client stays connected until the server has ended.
            let (peers, accounts) = (Recorder<Peer>(), Recorder<UserID>())
            try await WebServer.run(options) { server in
                let account = try await server.account()
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000"
                var call = HTTPCall.put("cut", token: account.token, "", [framing])
                call.body = (isChunked ? Array((String(Self.part.count, radix: 16) + "\r\n").utf8) : []) + Self.part
                let peer = try await server.connect()
                try await peer.send(call.bytes + (isChunked ? [0x0D, 0x0A] : []))
                #expect(await eventually { !server.stagedFiles.isEmpty })
                peers.record(peer)
                accounts.record(account.id)
            }
            try await WebServer.run { server in
                let rows = try await server.pool.query("SELECT count(*) FROM files WHERE owner_id = ANY(\(accounts.all))")
                #expect(try rows[0].decode(at: 0, as: Int.self) == 0)
            }
        }

        @Test("H11 a slot of the user's is free again after an abort")
        func slot() async throws {
            var options = Self.options
            options.settings["SLUICE_UPLOADS_PER_USER"] = "1"
            try await WebServer.run(options) { server in
                let account = try await server.account()
                for _ in 0..<3 {
                    var call = HTTPCall.put("cut.bin", token: account.token, "", ["Content-Length: 1000000"])
                    call.body = Self.part
                    try await self.abort(call.bytes, by: .reset, account, at: server)
                }
                #expect(await eventually { (try? await server.send(.put("a", token: account.token)).status) == 202 })
            }
        }
    }
}
