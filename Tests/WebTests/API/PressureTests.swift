import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    /// What is refused before its body because too much is under way, while all that was accepted is carried on.
    @Suite("Pressure")
    struct PressureTests {
        private func expectRefusal(
            _ kind: String, _ account: WebServer.Account, at server: WebServer, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            for call in [
                HTTPCall.put("a", token: account.token, "x", ["Expect: 100-continue"]),
                .post(Form().file("a"), token: account.token, ["Expect: 100-continue"]),
            ] {
                let peer = try await server.connect()
                try await peer.send(call.head)
                let answer = try await peer.receive()
                answer.check(against: call, sourceLocation: sourceLocation)
                #expect(answer.status == 503, "\(answer.text)", sourceLocation: sourceLocation)
                #expect(try answer.decode(Problem.self).type == "/problems/\(kind)", sourceLocation: sourceLocation)
                #expect(try await peer.receiveEnd() == .closed, sourceLocation: sourceLocation)
            }
        }

        /// Lets an upload in, whose body comes later.
        private func hold(_ account: WebServer.Account, at server: WebServer) async throws -> (peer: Peer, answer: Answer) {
            let peer = try await server.connect()
            try await peer.send(HTTPCall.put("held", token: account.token, "x", ["Expect: 100-continue"]).head)
            return (peer, try await peer.receive())
        }

        /// Waits until uploads are refused.
        private func awaitRefusal(_ account: WebServer.Account, at server: WebServer) async {
            #expect(
                await eventually {
                    guard let (peer, answer) = try? await hold(account, at: server) else { return false }
                    await peer.close()
                    return answer.status == 503
                })
        }

        @Test("H24 Postgres that does not get on: 503 before the body, and what was accepted is carried on")
        func slowDatabase() async throws {
            // Its own: whoever else uses the suite's would wait as well.
            try await TestDatabase.migrated { database in
                var configuration = database.configuration
                // Uploads are refused when one has waited for three seconds; that one and who keeps it waiting go on longer.
                configuration.statementTimeout = .seconds(30).stretched
                configuration.lockTimeout = .seconds(30).stretched
                configuration.idleInTransactionTimeout = .seconds(30).stretched
                try await WebServer.run(.init(database: configuration)) { server in try await block(server) }
            }
        }

        private func block(_ server: WebServer) async throws {
            let account = try await server.account()
            #expect(try await server.send(.put("a", token: account.token)).status == 202)
            try await server.whileFilesAreLocked { gate in
                async let waiting = server.send(.put("b", token: account.token))
                await awaitRefusal(account, at: server)
                try await expectRefusal("busy", account, at: server)
                gate.open()
                #expect(try await waiting.status == 202)
            }
            #expect(try await server.send(.put("c", token: account.token)).status == 202)
            #expect(try await server.rows(of: account) == 3)
        }

        @Test("H24 a queue that does not get on: 503 before the body, and what was accepted is announced")
        func slowQueue() async throws {
            let gate = AsyncStream<Void>.makeStream()
            let options = WebServer.Options(beforeAnnouncing: { for await _ in gate.stream {} })
            try await WebServer.run(options) { server in
                defer { gate.continuation.finish() }
                let account = try await server.account()
                for _ in 0..<129 { #expect(try await server.send(.put("a", token: account.token)).status == 202) }
                await awaitRefusal(account, at: server)
                try await expectRefusal("busy", account, at: server)
                gate.continuation.finish()
                #expect(await eventually { server.announced.all.count == 129 })
                #expect(try await server.send(.put("b", token: account.token)).status == 202)
            }
        }

        @Test("H23 at three quarters of all places nobody gets more than an equal share, and others are let in; at the end nobody is")
        func shares() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_UPLOADS": "8"])) { server in
                let (greedy, modest) = (try await server.account(), try await server.account())
                var held: [Peer] = []
                for _ in 0..<6 {
                    let (peer, answer) = try await hold(greedy, at: server)
                    #expect(answer.status == 100)
                    held.append(peer)
                }
                #expect(try await server.send(.put("a", token: modest.token)).status == 202)
                let (peer, answer) = try await hold(modest, at: server)
                #expect(answer.status == 100)
                try await expectRefusal("busy", greedy, at: server)
                #expect(try await server.send(.put("b", token: modest.token)).status == 202)
                let last = try await hold(modest, at: server)
                #expect(last.answer.status == 100)
                try await expectRefusal("busy", modest, at: server)
                for peer in held + [peer, last.peer] {
                    try await peer.send("x")
                    #expect(try await peer.receive().status == 202)
                }
                #expect(try await server.send(.put("c", token: greedy.token)).status == 202)
            }
        }
    }
}
