import Cryptography
import DatabaseSupport
import Files
import Postgres
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Requests that are sent again")
    struct IdempotencyTests {
        private static let key = "Idempotency-Key: \"8e03978e-40d5-43e8-bc93-6894a57f9324\""

        private static func put(_ account: WebServer.Account, _ content: String = "content", _ fields: [String] = []) -> HTTPCall {
            .put("a", token: account.token, content, [key] + fields)
        }

        private static func repeated(_ server: WebServer, _ call: HTTPCall) async throws -> (Answer, Answer) {
            (try await server.send(call), try await server.send(call))
        }

        @Test("H57 the same PUT again is answered as the first time, byte for byte, and is one file")
        func put() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let (first, second) = try await Self.repeated(server, Self.put(account))
                #expect(first.status == 202 && second.status == 202 && first.body == second.body)
                #expect(first["idempotency-replayed"] == nil && second["idempotency-replayed"] == "true")
                #expect(first["repr-digest"] != nil && first["repr-digest"] == second["repr-digest"])
                let bare = HTTPCall.put("a", token: account.token, "content", [Self.key.replacing("\"", with: "")])
                #expect(try await server.send(bare).body == first.body, "with and without quotes")
                #expect(try await server.rows(of: account) == 1)
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
            }
        }

        @Test("H57 the same form again, in other clothes: its files are there once, its refusals the same")
        func post() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "100000"], chunkSize: 16 << 10)) { server in
                let account = try await server.account()
                let form = Form().file("a").file("large", bytes: [UInt8](repeating: 1, count: 200_000))
                    .file("b", bytes: [UInt8](repeating: 2, count: 90_000))
                let first = try await server.send(.post(form, token: account.token, [Self.key]))
                #expect(first.status == 202)
                #expect(try first.files().map { $0.error?.status } == [nil, 413, nil])
                let dressed = Form().field("note", "not a file").file("a").file("large", bytes: [UInt8](repeating: 3, count: 150_000))
                    .file("b", bytes: [UInt8](repeating: 2, count: 90_000))
                let second = try await server.send(.post(dressed, token: account.token, [Self.key]))
                #expect(second.status == 202 && second.body == first.body && second["idempotency-replayed"] == "true")
                #expect(try await server.rows(of: account) == 2)
                #expect(await eventually { server.openDescriptors.isEmpty })
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
            }
        }

        @Test("H57 another body under the same key: 422, and nothing of it stays")
        func otherBody() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                #expect(try await server.send(Self.put(account)).status == 202)
                for call in [
                    Self.put(account, "other"), Self.put(account, String(repeating: "x", count: 200_000)),
                    Self.put(account, "content", ["Content-Type: text/csv"]),
                ] {
                    let answer = try await server.send(call)
                    #expect(answer.status == 422)
                    #expect(try answer.decode(Problem.self).type == "/problems/key-reused")
                }
                #expect(try await server.rows(of: account) == 1)
                #expect(await eventually { server.openDescriptors.isEmpty })
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
            }
        }

        @Test("H57 another path or method under the same key: 422 before the body is sent")
        func otherPath() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                #expect(try await server.send(Self.put(account)).status == 202)
                for call in [
                    HTTPCall.put("b", token: account.token, "content", [Self.key, "Expect: 100-continue"]),
                    .post(Form().file("a"), token: account.token, [Self.key, "Expect: 100-continue"]),
                ] {
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    let answer = try await peer.receive()
                    #expect(answer.status == 422)
                    answer.check(against: call, sourceLocation: #_sourceLocation)
                }
                let other = try await server.account()
                #expect(try await server.send(.put("b", token: other.token, "theirs", [Self.key])).status == 202, "another's key is theirs")
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("H57 while the first is being carried out: 409 with Retry-After, then its answer")
        func inFlight() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = Self.put(account)
                let peer = try await server.connect()
                try await peer.send(call.head)
                try await peer.send(Array(call.body.prefix(3)))
                #expect(await eventually { (try? await server.replies(of: account)) == 1 })
                let busy = try await server.send(Self.put(account, "content", ["Expect: 100-continue"]))
                #expect(busy.status == 409 && (1...15).contains(busy["retry-after"].flatMap { Int($0) } ?? 0))
                #expect(try busy.decode(Problem.self).type == "/problems/key-in-flight")
                try await peer.send(Array(call.body.dropFirst(3)))
                let first = try await peer.receive(call)
                #expect(first.status == 202)
                #expect(try await server.send(call).body == first.body)
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("H57 fifty at once on two servers: one file, all others get its answer or 409")
        func parallel() async throws {
            try await WebServer.run { first in
                try await WebServer.run { second in
                    let account = try await first.account()
                    let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                        for index in 0..<50 { group.addTask { try await (index % 2 == 0 ? first : second).send(Self.put(account)) } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    let good = answers.filter { $0.status == 202 }
                    #expect(!good.isEmpty && Set(good.map(\.body)).count == 1)
                    #expect(good.count { $0["idempotency-replayed"] == nil } == 1)
                    #expect(answers.allSatisfy { $0.status == 202 || $0.status == 409 })
                    #expect(try await first.rows(of: account) == 1)
                }
            }
        }

        @Test("H57 after a restart the answer is there")
        func restart() async throws {
            let kept = Recorder<(WebServer.Account, [UInt8])>()
            try await WebServer.run { server in
                let account = try await server.account()
                kept.record((account, try await server.send(Self.put(account)).body))
            }
            let (account, body) = try #require(kept.all.first)
            try await WebServer.run { server in
                let answer = try await server.send(Self.put(account))
                #expect(answer.status == 202 && answer.body == body && answer["idempotency-replayed"] == "true")
                #expect(server.stagedFiles.isEmpty, "\(server.stagedFiles)")
            }
        }

        @Test("H57 what was not carried out is carried out when it comes again: a cut body, a refused one, a wrong digest")
        func again() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "1000"])) { server in
                let account = try await server.account()
                let peer = try await server.connect()
                try await peer.send(Self.put(account).head)
                #expect(await eventually { (try? await server.replies(of: account)) == 1 })
                await peer.reset()
                #expect(await eventually { (try? await server.replies(of: account)) == 0 })
                let digest = "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="
                #expect(try await server.send(Self.put(account, "content", [digest])).status == 400)
                #expect(try await server.send(Self.put(account, "x", ["Expect: 200-ok"])).status == 417)
                #expect(try await server.send(Self.put(account)).status == 202)

                let large = Form().file("a", bytes: [UInt8](repeating: 1, count: 2000))
                let key = "Idempotency-Key: form"
                #expect(try await server.send(.post(large, token: account.token, [key])).status == 413)
                #expect(try await server.send(.post(Form(), token: account.token, [key])).status == 400)
                #expect(try await server.send(.post(Form().file("a"), token: account.token, [key])).status == 202)
                #expect(try await server.rows(of: account) == 2)
            }
        }

        @Test("H57 who was taken for dead and comes back: its files are refused, the other's stand")
        func takenOver() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = Self.put(account)
                let peer = try await server.connect()
                try await peer.send(call.head)
                try await peer.send(Array(call.body.prefix(3)))
                #expect(await eventually { (try? await server.replies(of: account)) == 1 })
                try await server.pool.execute("UPDATE replies SET lease_until = now() WHERE owner_id = \(account.id)")
                let second = try await server.send(call)
                #expect(second.status == 202 && second["idempotency-replayed"] == nil)
                try await peer.send(Array(call.body.dropFirst(3)))
                let first = try await peer.receive(call)
                #expect(first.status == 409, "\(first.text)")
                #expect(try first.decode(Problem.self).type == "/problems/key-in-flight")
                #expect(try await server.rows(of: account) == 1)
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
                #expect(try await server.send(call).body == second.body)
            }
        }

        @Test("H57 after a day the key is free")
        func expired() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                #expect(try await server.send(Self.put(account)).status == 202)
                try await server.pool.execute(
                    """
                    UPDATE replies SET lease_until = now() - interval '1 day', expires_at = now() - interval '1 second'
                    WHERE owner_id = \(account.id)
                    """)
                let answer = try await server.send(Self.put(account, "other"))
                #expect(answer.status == 202 && answer["idempotency-replayed"] == nil)
                #expect(try await server.rows(of: account) == 2)
            }
        }

        @Test("H57 a file whose digest comes before it is answered without being sent again")
        func unread() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let digest = "Repr-Digest: sha-256=:\(Base64.encode(SHA256Hasher.digest(of: Array("content".utf8)).bytes)):"
                let first = try await server.send(Self.put(account, "content", [digest]))
                let call = Self.put(account, "content", [digest, "Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(call.head)
                let second = try await peer.receive()
                #expect(second.status == 202 && second.body == first.body && second["idempotency-replayed"] == "true")
                #expect(second["repr-digest"] == first["repr-digest"])
                // A digest that is not the stored file's proves nothing before the body.
                let other = "Repr-Digest: sha-256=:\(Base64.encode(SHA256Hasher.digest(of: Array("tnetnoc".utf8)).bytes)):"
                #expect(try await server.send(Self.put(account, "tnetnoc", [other])).status == 422)
                #expect(try await server.send(Self.put(account, "content", [other])).status == 400)
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("H57 a thousand files of one form are one transaction, and its answer is kept")
        func thousand() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                var form = Form()
                for index in 0..<1000 { form = form.file("f\(index)", "\(index)") }
                let (first, second) = try await Self.repeated(server, .post(form, token: account.token, [Self.key]))
                #expect(first.status == 202 && second.body == first.body)
                #expect(try first.files().count == 1000)
                let found = try await server.pool.query(
                    "SELECT count(*) AS count, count(DISTINCT xmin::text) AS commits FROM files WHERE owner_id = \(account.id)")
                #expect(try found[0].decode("count", as: Int.self) == 1000)
                #expect(try found[0].decode("commits", as: Int.self) == 1)
            }
        }

        @Test("an answer that is too long to be kept is no answer: nothing is taken, and nobody else suffers")
        func tooLong() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILES_PER_REQUEST": "3000"])) { server in
                let account = try await server.account()
                var form = Form()
                for _ in 0..<2500 { form = form.file(String(repeating: "n", count: 250), "x") }
                let answer = try await server.send(.post(form, token: account.token, [Self.key]))
                #expect(answer.status == 413)
                #expect(try answer.decode(Problem.self).type == "/problems/answer-too-long")
                try await server.expectNothingLeft(of: account)
                #expect(try await server.send(.post(Form().file("a"), token: account.token, [Self.key])).status == 202)
            }
        }

        @Test(
            "H57 malformed keys are refused before the body",
            arguments: ["", "\"", "a b", "\"a\", \"b\"", String(repeating: "k", count: 256)])
        func malformed(key: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = HTTPCall.put("a", token: account.token, "x", ["Idempotency-Key: \(key)", "Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(call.head)
                let answer = try await peer.receive()
                #expect(answer.status == 400)
                answer.check(against: call, sourceLocation: #_sourceLocation)
                #expect(try answer.decode(Problem.self).code == "malformedKey")
            }
        }

        @Test("H57 the answer of the commit is lost: the same request again tells what became of it, and the file is there once")
        func unknownOutcome() async throws {
            var through = try #require(WebDatabase.configuration)
            let proxy = try CuttingProxy(to: through.port)
            defer { proxy.stop() }
            through.host = "127.0.0.1"
            through.port = proxy.port
            through.tls.mode = .disable
            through.poolSize = 1
            try await WebServer.run(.init(database: through)) { server in
                let account = try await server.account()
                proxy.swallowNextAnswer(containing: "COMMIT")
                let first = try await server.send(Self.put(account))
                #expect(first.status == 503)
                #expect(try first.decode(Problem.self).type == "/problems/unavailable", "\(first.text)")
                #expect(await eventually { (try? await server.send(Self.put(account)).status) == 202 })
                #expect(try await server.send(Self.put(account))["idempotency-replayed"] == "true")
                #expect(try await server.rows(of: account) == 1)
            }
        }
    }
}

extension WebServer {
    /// Requests with a key that are being carried out or were answered.
    func replies(of account: Account) async throws -> Int {
        let rows = try await pool.query("SELECT count(*) FROM replies WHERE owner_id = \(account.id)")
        return try rows[0].decode(at: 0)
    }
}
