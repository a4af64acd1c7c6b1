import Files
import Platform
import Postgres
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    @Suite("Quotas")
    struct QuotaTests {
        private struct Me: Decodable {
            struct Limits: Decodable {
                let fileBytes: Int64
                let filesPerRequest, parallelUploads: Int
            }
            struct Allowance: Decodable, Equatable {
                var limit: Int64?
                var used, reserved: Int64
            }
            struct Quota: Decodable {
                let bytes, files: Allowance
            }
            let user: String
            let limits: Limits
            let quota: Quota?
        }

        private static let megabyte = [UInt8](repeating: 0x61, count: 1_000_000)

        private func run(_ settings: [String: String], _ body: @escaping @Sendable (WebServer, WebServer.Account) async throws -> Void)
            async throws
        {
            let redis = try await RedisServerProcess.start()
            let options = WebServer.Options(settings: settings, chunkSize: 64 << 10, redis: redis)
            try await WebServer.run(options) { server in try await body(server, try await server.account()) }
        }

        private func me(_ account: WebServer.Account, at server: WebServer) async throws -> Me {
            try await server.send(HTTPCall("GET", "/api/v1/me", token: account.token)).decode()
        }

        private func put(_ bytes: [UInt8], _ account: WebServer.Account, _ fields: [String] = []) -> HTTPCall {
            HTTPCall("PUT", "/api/v1/files/a", token: account.token, fields, body: bytes)
        }

        private func stored(by account: WebServer.Account, at server: WebServer) async throws -> Int64 {
            let rows = try await server.pool.query(
                "SELECT coalesce(sum(size), 0)::bigint FROM files WHERE owner_id = \(account.id) AND state <> 'deleting'")
            return try rows[0].decode(at: 0)
        }

        @Test("64 uploads at once at two servers: never beyond the quota, each refusal names the limit, and deleting makes room again")
        func parallel() async throws {
            let limit = Int64(32 << 20)
            try await run(["SLUICE_QUOTA_BYTES": "32MiB", "SLUICE_UPLOADS_PER_USER": "64"]) { server, account in
                try await server.withSecond { second in
                    for _ in 0..<2 {
                        let whole = self.put([UInt8](repeating: 7, count: 1 << 20), account)
                        let chunked = self.chunked(whole)
                        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                            for index in 0..<64 {
                                group.addTask {
                                    try await (index.isMultiple(of: 2) ? server : second).sendUntilTaken(index % 8 < 6 ? whole : chunked)
                                }
                            }
                            return try await group.reduce(into: [Answer]()) { $0.append($1) }
                        }
                        let refusals = answers.filter { $0.status != 202 }
                        for refusal in refusals {
                            let problem = try refusal.decode(Problem.self)
                            #expect(refusal.status == 413 && problem.type == "/problems/quota-exceeded", "\(refusal.text)")
                            #expect(problem.limit == "bytes" && problem.maximum == limit && problem.used ?? .max <= limit)
                        }
                        #expect(try await self.stored(by: account, at: server) <= limit)
                        #expect(!refusals.isEmpty && refusals.count < 64 - 20, "\(refusals.count)")
                        try await self.deleteAll(of: account, at: server)
                        #expect(try await self.me(account, at: second).quota?.bytes.used == 0)
                    }
                }
            }
        }

        private func chunked(_ call: HTTPCall) -> HTTPCall {
            var call = call
            call.fields.append("Transfer-Encoding: chunked")
            call.body = Array((String(call.body.count, radix: 16) + "\r\n").utf8) + call.body + Array("\r\n0\r\n\r\n".utf8)
            return call
        }

        private func deleteAll(of account: WebServer.Account, at server: WebServer) async throws {
            let files = try await server.send(HTTPCall("GET", "/api/v1/files?limit=500", token: account.token)).files()
            let ids = files.compactMap(\.id).map { "\"\($0)\"" }.joined(separator: ",")
            #expect(try await server.send(.deleteMany("{\"ids\":[\(ids)]}", token: account.token)).status == 200)
        }

        @Test(
            "what does not fit is refused before its body; without Redis too, as far as files that are there go", arguments: [false, true])
        func early(hasRedis: Bool) async throws {
            let redis = hasRedis ? try await RedisServerProcess.start() : nil
            try await WebServer.run(.init(settings: ["SLUICE_QUOTA_BYTES": "1500000"], redis: redis)) { server in
                let account = try await server.account()
                #expect(try await server.send(self.put(Self.megabyte, account)).status == 202)
                let call = self.put(Self.megabyte, account, ["Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(call.head)
                let answer = try await peer.receive()
                #expect(answer.status == 413)
                answer.check(against: call, sourceLocation: #_sourceLocation)
                let problem = try answer.decode(Problem.self)
                #expect(problem.limit == "bytes" && problem.maximum == 1_500_000)
                #expect((problem.used ?? 0) + (problem.reserved ?? 0) == 1_000_000)
                #expect(try await server.send(self.put(Array(Self.megabyte.prefix(500_000)), account)).status == 202)
                #expect(try await server.send(self.put([1], account)).status == 413)
                #expect(try await server.send(.post(Form().file("a"), token: account.token)).status == 413)
                #expect(await eventually { server.stagedFiles.count == 2 })
            }
        }

        @Test("H11 the room of an upload that is cut is free again")
        func abort() async throws {
            try await run(["SLUICE_QUOTA_BYTES": "1500000"]) { server, account in
                let peer = try await server.connect()
                try await peer.send(self.put([], account, ["Content-Length: 1000000"]).head)
                try await peer.send(Array(Self.megabyte.prefix(300_000)))
                #expect(await eventually { !server.stagedFiles.isEmpty })
                let refusal = try await server.send(self.put(Self.megabyte, account)).decode(Problem.self)
                #expect(refusal.limit == "bytes" && refusal.used == 0 && refusal.reserved == 1_000_000)
                #expect(try await self.me(account, at: server).quota?.files == .init(limit: nil, used: 0, reserved: 1))
                await peer.reset()
                #expect(await eventually { (try? await server.send(self.put(Self.megabyte, account)).status) == 202 })
            }
        }

        @Test("H26 a part of a form that does not fit is refused alone, and the parts behind it are taken")
        func form() async throws {
            try await run(["SLUICE_QUOTA_BYTES": "500000", "SLUICE_QUOTA_FILES": "3"]) { server, account in
                let form = Form().file("a").file("big", bytes: Self.megabyte).file("b").file("c").file("d")
                let answer = try await server.send(.post(form, token: account.token))
                let files = try answer.files()
                #expect(answer.status == 202 && files.map(\.name) == ["a", "big", "b", "c", "d"])
                #expect(files.map { $0.error == nil } == [true, false, true, true, false])
                #expect(files.map { $0.error?.limit } == [nil, "bytes", nil, nil, "files"])
                #expect(files[1].error?.maximum == 500_000 && files[4].error?.maximum == 3)
                #expect(try await server.rows(of: account) == 3)
                #expect(await eventually { (try? await self.me(account, at: server).quota?.bytes.reserved) == 0 })
                #expect(try await self.me(account, at: server).quota?.files == .init(limit: 3, used: 3, reserved: 0))
            }
        }

        @Test("H52 a quota that is lowered while an upload runs refuses it at its end, and nothing of it is left")
        func lowered() async throws {
            try await run([:]) { server, account in
                let quotas = QuotaAdministration(pool: server.pool, limits: .none)
                _ = try await quotas.set(bytes: .most(2_000_000), files: nil, for: account.id)
                let call = self.put(Self.megabyte, account)
                let peer = try await server.connect()
                try await peer.send(call.head)
                try await peer.send(Array(Self.megabyte.prefix(500_000)))
                #expect(await eventually { !server.stagedFiles.isEmpty })
                _ = try await quotas.set(bytes: .most(900_000), files: nil, for: account.id)
                try await peer.send(Array(Self.megabyte.dropFirst(500_000)))
                let problem = try await peer.receive(call).decode(Problem.self)
                #expect(problem.status == 413 && problem.limit == "bytes" && problem.maximum == 900_000)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H66 fields that name a quota, an owner or rights change nothing")
        func fields() async throws {
            try await run(["SLUICE_QUOTA_BYTES": "1000"]) { server, account in
                let other = try await server.account()
                var form = Form()
                for (name, value) in [("quota", "999999999"), ("owner", "\(other.id)"), ("owner_id", "\(other.id)"), ("is_admin", "1")] {
                    form = form.field(name, value)
                }
                #expect(try await server.send(.post(form.file("a"), token: account.token)).status == 202)
                let query = "?quota=999999999&owner=\(other.id)"
                let answer = try await server.send(
                    HTTPCall(
                        "PUT", "/api/v1/files/a\(query)", token: account.token, ["X-Quota: 999999999"],
                        body: Array(Self.megabyte.prefix(2000))))
                #expect(answer.status == 413)
                #expect(try await server.rows(of: account) == 1)
                #expect(try await server.rows(of: other) == 0)
                let bytes = try #require(try await self.me(account, at: server).quota?.bytes)
                #expect(bytes.limit == 1000 && bytes.used == 7)
            }
        }

        @Test("who asks is told the limits, and of a quota only where there is one")
        func limits() async throws {
            try await run(["SLUICE_MAX_FILE_SIZE": "5MiB", "SLUICE_UPLOADS_PER_USER": "3", "SLUICE_MAX_FILES_PER_REQUEST": "9"]) {
                server, account in
                let me = try await self.me(account, at: server)
                #expect(me.user == account.id.description && me.quota == nil)
                #expect(me.limits.fileBytes == 5 << 20 && me.limits.filesPerRequest == 9 && me.limits.parallelUploads == 3)
                _ = try await QuotaAdministration(pool: server.pool, limits: .none).set(bytes: .most(10), files: nil, for: account.id)
                let quota = try #require(try await self.me(account, at: server).quota)
                #expect(quota.bytes == .init(limit: 10, used: 0, reserved: 0) && quota.files == .init(limit: nil, used: 0, reserved: 0))
                #expect(try await server.send(HTTPCall("GET", "/api/v1/me")).status == 401)
                #expect(try await server.send(HTTPCall("POST", "/api/v1/me", token: account.token)).status == 405)
            }
        }
    }
}
