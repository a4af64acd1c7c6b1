import Cryptography
import DatabaseSupport
import Files
import Foundation
import Platform
import Postgres
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    /// Creations with an Idempotency-Key.
    @Suite("tus: creations that are sent again")
    struct TusRepetitionTests {
        private static let key = "Idempotency-Key: \"2f3f9d0a-5a3c-4a3e-8a55-0d6b5f6f6f10\""

        private static func create(_ account: WebServer.Account, _ fields: [String]) -> HTTPCall {
            .tus("POST", token: account.token, [key] + fields)
        }

        private static func create(_ account: WebServer.Account, with body: [UInt8], _ fields: [String] = []) -> HTTPCall {
            .create(with: body, token: account.token, [key, "Upload-Length: \(body.count)"] + fields)
        }

        /// Whether an answer is one to a repetition, and tells of an upload.
        private static func isSame(_ answer: Answer, _ path: String?) -> Bool {
            answer.status == 201 && answer["location"] == path && answer["idempotency-replayed"] == "true"
        }

        @Test("H57 a creation again is the same upload, and tells how far it is by now")
        func again() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = Self.create(account, ["Upload-Length: 10", "Upload-Metadata: filename YQ=="])
                let first = try await server.send(call)
                let path = try #require(first["location"])
                #expect(first.status == 201 && first["idempotency-replayed"] == nil)
                let second = try await server.send(call)
                #expect(Self.isSame(second, path) && second["upload-offset"] == nil && second["upload-expires"] != nil)
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                let third = try await server.send(call)
                #expect(Self.isSame(third, path) && third["upload-offset"] == "4" && third["sluice-file"] == nil)
                let end = try await server.send(.patch(path, at: 4, Array(pattern(10)[4...]), token: account.token))
                let fourth = try await server.send(call)
                #expect(Self.isSame(fourth, path) && fourth["upload-offset"] == "10" && fourth["sluice-file"] == end["sluice-file"])
                #expect(try await server.uploads(of: account) == 1)
                #expect(try await server.send(.tus("DELETE", path, token: account.token)).status == 204)
                #expect(Self.isSame(try await server.send(call), path), "what was answered stays")
                #expect(try await server.uploads(of: account) == 0)
            }
        }

        @Test(
            "H57 with all of its bytes: one file, the same answer; other bytes are 422, and nothing of them stays", arguments: [0, 70_000])
        func whole(size: Int) async throws {
            try await WebServer.run(.init(chunkSize: 16 << 10)) { server in
                let account = try await server.account()
                let call = Self.create(account, with: pattern(size))
                let (first, second) = (try await server.send(call), try await server.send(call))
                #expect(first.status == 201 && first["idempotency-replayed"] == nil && first["sluice-file"] != nil)
                #expect(Self.isSame(second, first["location"]))
                for field in ["upload-offset", "sluice-file", "repr-digest"] {
                    #expect(first[field] != nil && first[field] == second[field], "\(field)")
                }
                #expect(try await server.content(of: second["sluice-file"], account) == pattern(size))
                if size > 0 {
                    let other = try await server.send(Self.create(account, with: pattern(size, seed: 1)))
                    #expect(other.status == 422)
                    #expect(try other.decode(Problem.self).type == "/problems/key-reused")
                    #expect(try await server.send(Self.create(account, ["Upload-Length: \(size)"])).status == 422, "without its bytes")
                }
                #expect(try await server.rows(of: account) == 1)
                #expect(try await server.uploads(of: account) == 1)
                #expect(await eventually { server.openDescriptors.isEmpty })
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
            }
        }

        @Test("H57 a creation that says something else is another request: 422 before its body")
        func other() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let digest = "Repr-Digest: sha-256=:\(Data(SHA256Hasher.digest(of: [1]).bytes).base64EncodedString()):"
                #expect(try await server.send(Self.create(account, ["Upload-Length: 10"])).status == 201)
                for fields in [
                    ["Upload-Length: 11"], ["Upload-Defer-Length: 1"], ["Upload-Length: 10", "Upload-Metadata: filename YQ=="],
                    ["Upload-Length: 10", "Upload-Concat: partial"], ["Upload-Length: 10", digest],
                ] {
                    let answer = try await server.send(Self.create(account, fields))
                    #expect(answer.status == 422, "\(fields)")
                    #expect(try answer.decode(Problem.self).type == "/problems/key-reused")
                }
                let call = HTTPCall.put("a", token: account.token, "content", [Self.key])
                #expect(try await server.send(call).status == 422, "nor of a file")
                let stranger = try await server.account()
                #expect(try await server.send(Self.create(stranger, ["Upload-Length: 11"])).status == 201, "another's key is theirs")
                #expect(try await server.uploads(of: account) == 1)
            }
        }

        @Test("H57 while a whole file is being received: 409 with Retry-After, then its answer; a cut one is carried out anew")
        func inFlight() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = Self.create(account, with: pattern(50_000))
                let peer = try await server.connect()
                try await peer.send(Array(call.head.utf8) + pattern(50_000)[..<20_000])
                #expect(await eventually { (try? await server.replies(of: account)) == 1 })
                let busy = try await server.send(call)
                #expect(busy.status == 409 && (1...15).contains(busy["retry-after"].flatMap { Int($0) } ?? 0))
                #expect(try busy.decode(Problem.self).type == "/problems/key-in-flight")
                await peer.reset()
                #expect(await eventually { (try? await server.replies(of: account)) == 0 })
                let answer = try await server.send(call)
                #expect(answer.status == 201 && answer["idempotency-replayed"] == nil)
                #expect(Self.isSame(try await server.send(call), answer["location"]))
                #expect(try await server.rows(of: account) == 1)
                #expect(try await server.uploads(of: account) == 1)
            }
        }

        /// A connection that has sent some of the first bytes of an upload.
        private func half(_ call: HTTPCall, _ bytes: [UInt8], _ account: WebServer.Account, at server: WebServer) async throws -> Peer {
            let peer = try await server.connect()
            try await peer.send(Array(call.head.utf8) + bytes)
            #expect(await eventually { server.partialSize > 0 })
            return peer
        }

        @Test("H57 first bytes that are cut stay: the repetition tells the address and the durable offset", arguments: [false, true])
        func cut(isHalfDead: Bool) async throws {
            let options = WebServer.Options(chunkSize: 16 << 10, redis: try await RedisServerProcess.start())
            try await WebServer.run(options) { server in
                let account = try await server.account()
                let content = pattern(1_000_000)
                let call = HTTPCall.create(
                    with: Array(content[..<900_000]), token: account.token, [Self.key, "Upload-Length: 1000000"])
                let peer = try await self.half(call, Array(content[..<400_000]), account, at: server)
                if !isHalfDead {
                    await peer.reset()
                    #expect(await eventually { server.openDescriptors.isEmpty })
                }
                let again = try await server.send(call)
                if isHalfDead { _ = try await peer.receiveEnd() }
                let path = try #require(again["location"])
                #expect(Self.isSame(again, path), "\(again.text)")
                let offset = try #require(again["upload-offset"].flatMap { Int64($0) })
                #expect((1...400_000).contains(offset), "what has come is not sent again")
                #expect(try await server.storedOffset(of: path) == offset)
                let rest = Array(content[Int(offset)...])
                let end = try await server.send(.patch(path, at: offset, rest, token: account.token))
                #expect(end.status == 204, "\(end.text)")
                #expect(try await server.content(of: end["sluice-file"], account) == content)
                #expect(try await server.rows(of: account) == 1)
                #expect(try await server.uploads(of: account) == 1)
                let last = try await server.send(call)
                #expect(Self.isSame(last, path) && last["sluice-file"] == end["sluice-file"])
            }
        }

        @Test("H57 first bytes that are refused were not carried out: nothing of them stays, and sent as they should be they are")
        func refused() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = [Self.key, "Upload-Length: 100"]
                let wrong = "Upload-Checksum: sha1 \(Data(count: 20).base64EncodedString())"
                let call = HTTPCall.create(with: pattern(60), token: account.token, fields + [wrong])
                #expect(try await server.send(call).status == 460)
                #expect(try await server.uploads(of: account) == 0)
                let good = try await server.send(.create(with: pattern(60), token: account.token, fields))
                #expect(good.status == 201 && good["idempotency-replayed"] == nil && good["upload-offset"] == "60")
                #expect(try await server.uploads(of: account) == 1)
            }
        }

        @Test(
            "H57 first bytes that are not what was said of them were not carried out, however that is said",
            arguments: [(400, ["Content-MD5: \(Data(count: 16).base64EncodedString())"]), (413, [])] as [(Int, [String])])
        func notAsSaid(status: Int, fields: [String]) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                var call = HTTPCall.create(with: pattern(60), token: account.token, [Self.key, "Upload-Length: 100"] + fields)
                if status == 413 {
                    call.fields.append("Transfer-Encoding: chunked")
                    call.body = Array("65\r\n".utf8) + pattern(101) + Array("\r\n0\r\n\r\n".utf8)
                }
                #expect(try await server.send(call).status == status)
                #expect(try await server.uploads(of: account) == 0)
                #expect(try await server.replies(of: account) == 0)
                let good = try await server.send(Self.create(account, ["Upload-Length: 100"]))
                #expect(good.status == 201 && good["idempotency-replayed"] == nil)
            }
        }

        @Test("H57 of first bytes the length alone is compared, and they need not come again")
        func lengthOfFirstBytes() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = [Self.key, "Upload-Length: 100"]
                let first = try await server.send(.create(with: pattern(60), token: account.token, fields))
                let path = try #require(first["location"])
                #expect(first.status == 201 && first["upload-offset"] == "60")
                let sum = "Upload-Checksum: sha1 \(Data(count: 20).base64EncodedString())"
                for call in [
                    HTTPCall.create(with: pattern(60, seed: 1), token: account.token, fields),
                    .create(with: pattern(60), token: account.token, fields + [sum]),
                ] {
                    let again = try await server.send(call)
                    #expect(Self.isSame(again, path) && again["upload-offset"] == "60", "\(again.text)")
                }
                let peer = try await server.connect()
                let head = HTTPCall.create(with: [], token: account.token, fields + ["Content-Length: 60"])
                try await peer.send(head.head)
                #expect(Self.isSame(try await peer.receive(head), path), "before its body")
                for body in [pattern(59), []] {
                    let other = try await server.send(.create(with: body, token: account.token, fields))
                    #expect(other.status == 422)
                    #expect(try other.decode(Problem.self).type == "/problems/key-reused")
                }
                let end = try await server.send(.patch(path, at: 60, Array(pattern(100)[60...]), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == pattern(100))
            }
        }

        @Test("H57 a creation again ends whoever writes to the upload, and tells the offset that it has left")
        func ends() async throws {
            try await WebServer.run(.init(chunkSize: 16 << 10, redis: try await RedisServerProcess.start())) { server in
                let account = try await server.account()
                let call = Self.create(account, ["Upload-Length: 1000000"])
                let path = try #require(try await server.send(call)["location"])
                let patch = HTTPCall.patch(path, at: 0, [], token: account.token, ["Content-Length: 1000000"])
                let peer = try await self.half(patch, pattern(400_000), account, at: server)
                let again = try await server.send(call)
                _ = try await peer.receiveEnd()
                let offset = try #require(again["upload-offset"].flatMap { Int64($0) })
                #expect(Self.isSame(again, path) && offset > 0)
                #expect(try await server.storedOffset(of: path) == offset)
            }
        }

        /// Runs `body` beside a server whose database lets no upload go.
        private func keeping(_ body: @escaping @Sendable (WebServer, WebServer.Account) async throws -> Void) async throws {
            // Its own: it would keep those of others too.
            try await TestDatabase.migrated { database in
                try await WebServer.run(.init(database: database.configuration)) { server in
                    try await server.pool.execute("CREATE RULE test_keeps AS ON DELETE TO uploads DO INSTEAD NOTHING")
                    try await body(server, try await server.account())
                }
            }
        }

        @Test("H57 first bytes that are refused and whose upload cannot be ended: the repetition tells where it is, and begins no other")
        func refusedAndKept() async throws {
            try await keeping { server, account in
                let fields = [Self.key, "Upload-Length: 100"]
                let wrong = "Upload-Checksum: sha1 \(Data(count: 20).base64EncodedString())"
                let call = HTTPCall.create(with: pattern(60), token: account.token, fields + [wrong])
                #expect(try await server.send(call).status == 460)
                let again = try await server.send(.create(with: pattern(60), token: account.token, fields))
                #expect(again.status == 201 && again["idempotency-replayed"] == "true" && again["upload-offset"] == "0")
                #expect(try await server.uploads(of: account) == 1)
                let end = try await server.send(.patch(again["location"] ?? "", at: 0, pattern(100), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == pattern(100))
            }
        }

        @Test(
            "all bytes of a file without a key, and the database takes neither file nor end: nobody is told that nothing has come of them")
        func unknown() async throws {
            try await keeping { server, account in
                try await server.pool.execute("ALTER TABLE files ADD CONSTRAINT test_refuses CHECK (size < 0)")
                func send(_ fields: [String]) async throws -> Answer {
                    var call = HTTPCall.create(with: [], token: account.token, ["Transfer-Encoding: chunked"] + fields)
                    call.body = Array("a\r\n".utf8) + pattern(10) + Array("\r\n0\r\n\r\n".utf8)
                    return try await server.send(call)
                }
                let answer = try await send(["Upload-Length: 10"])
                #expect(answer.status == 503 && answer["retry-after"] != nil)
                #expect(try answer.decode(Problem.self).type == "/problems/unknown-outcome")
                let wrong = "Upload-Checksum: sha1 \(Data(count: 20).base64EncodedString())"
                let less = try await send(["Upload-Length: 11", wrong])
                #expect(less.status == 460, "of less than all nothing comes")
                try await server.pool.execute("ALTER TABLE files DROP CONSTRAINT test_refuses")
                #expect(await eventually { (try? await server.rows(of: account)) == 1 })
            }
        }

        @Test("H57 an upload that has expired has its address alone; one that is dead is told as such")
        func fates() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let call = Self.create(account, ["Upload-Length: 10"])
                let path = try #require(try await server.send(call)["location"])
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                try await server.pool.execute(
                    "UPDATE uploads SET expires_at = now() - interval '1 second' WHERE owner_id = \(account.id)")
                let expired = try await server.send(call)
                #expect(Self.isSame(expired, path) && expired["upload-offset"] == nil && expired["upload-expires"] == nil)

                let other = try await server.account()
                let digest = "Repr-Digest: sha-256=:\(Data(SHA256Hasher.digest(of: [1]).bytes).base64EncodedString()):"
                let doomed = Self.create(other, ["Upload-Length: 10", digest])
                let place = try #require(try await server.send(doomed)["location"])
                #expect(try await server.send(.patch(place, at: 0, pattern(10), token: other.token)).status == 400)
                let dead = try await server.send(doomed)
                #expect(dead.status == 422)
                let problem = try dead.decode(Problem.self)
                #expect(problem.type == "/problems/upload-dead" && problem.code == "digest-mismatch")
            }
        }

        @Test("H57 without a key first bytes that are cut are gone, since nobody could find them")
        func noKey() async throws {
            try await WebServer.run(.init(chunkSize: 16 << 10)) { server in
                let account = try await server.account()
                let call = HTTPCall.create(with: pattern(90_000), token: account.token, ["Upload-Length: 100000"])
                await (try await self.half(call, pattern(50_000), account, at: server)).reset()
                #expect(await eventually { (try? await server.uploads(of: account)) == 0 })
            }
        }

        @Test("H57 a whole of parts again is the same file; another list under its key is 422")
        func joined() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let parts = [try await server.part(account, [1]), try await server.part(account, [2])]
                let call = Self.create(account, ["Upload-Concat: final;\(parts[0]) \(parts[1])"])
                let (first, second) = (try await server.send(call), try await server.send(call))
                #expect(first.status == 201 && first["sluice-file"] != nil)
                #expect(Self.isSame(second, first["location"]) && second["sluice-file"] == first["sluice-file"])
                #expect(second["upload-offset"] == "2")
                #expect(try await server.send(Self.create(account, ["Upload-Concat: final;\(parts[1])"])).status == 422)
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("H57 thirty at once on two servers: one upload, all others get its address or 409")
        func parallel() async throws {
            try await WebServer.pair { first, second in
                let account = try await first.account()
                let call = Self.create(account, ["Upload-Length: 10"])
                let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                    for index in 0..<30 { group.addTask { try await (index % 2 == 0 ? first : second).send(call) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let good = answers.filter { $0.status == 201 }
                #expect(Set(good.map { $0["location"] }).count == 1)
                #expect(good.count { $0["idempotency-replayed"] == nil } == 1)
                #expect(answers.allSatisfy { [201, 409, 423].contains($0.status) }, "\(answers.map(\.status))")
                #expect(try await first.uploads(of: account) == 1)
                #expect(Self.isSame(try await second.send(call), good[0]["location"]))
            }
        }
    }
}

extension WebServer {
    /// Bytes of uploads that are not files yet.
    fileprivate var partialSize: Int {
        partialFiles.reduce(0) { sum, name in
            let size = try? FileManager.default.attributesOfItem(atPath: "\(root)/partial/\(name)")[.size] as? Int
            return sum + (size ?? 0)
        }
    }
}
