import Files
import Platform
import Testing

extension OverSockets {
    @Suite("Deletion")
    struct DeletionTests {
        private func upload(_ name: String, _ account: WebServer.Account, _ server: WebServer) async throws -> String {
            try await server.send(.put(name, token: account.token)).files()[0].id ?? ""
        }

        @Test("H62 another user's file cannot be told from none, by any call")
        func foreign() async throws {
            try await WebServer.run { server in
                let (owner, thief) = (try await server.account(), try await server.account())
                let id = try await self.upload("a", owner, server)
                let calls = [("GET", ""), ("DELETE", ""), ("GET", "/content"), ("HEAD", "/content")]
                for (method, suffix) in calls {
                    let foreign = try await server.send(HTTPCall(method, "/api/v1/files/\(id)\(suffix)", token: thief.token))
                    let none = try await server.send(HTTPCall(method, "/api/v1/files/\(UUIDv7())\(suffix)", token: thief.token))
                    #expect(foreign.status == 404 && foreign.body == none.body, "\(method) \(suffix)")
                    #expect(foreign.fields.map(\.name) == none.fields.map(\.name))
                }
                let many = try await server.send(.deleteMany("{\"ids\":[\"\(id)\"]}", token: thief.token)).files()
                #expect(many[0].error?.status == 404)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: thief.token)).files().isEmpty)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files/\(id)", token: owner.token)).status == 200)
            }
        }

        @Test("a deleted file is gone at once, once, and announced")
        func one() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = "/api/v1/files/\(try await self.upload("a", account, server))"
                let answer = try await server.send(HTTPCall("DELETE", path, token: account.token))
                #expect(answer.status == 204 && answer.body.isEmpty)
                for (method, suffix) in [("DELETE", ""), ("GET", ""), ("GET", "/content")] {
                    #expect(try await server.send(HTTPCall(method, path + suffix, token: account.token)).status == 404)
                }
                #expect(server.announced.all.count { $0.state == .deleting } == 1)
            }
        }

        @Test("H62 own, foreign, double and malformed ids together: one result for each, in order")
        func many() async throws {
            try await WebServer.run { server in
                let (account, other) = (try await server.account(), try await server.account())
                let own = [try await self.upload("a", account, server), try await self.upload("b", account, server)]
                let foreign = try await self.upload("c", other, server)
                let ids = [own[0], foreign, "no-id", own[1], own[0], "", "..%2F", own[1].uppercased(), UUIDv7().description]
                let json = "{\"ids\":[\(ids.map { "\"\($0)\"" }.joined(separator: ","))]}"
                let answer = try await server.send(.deleteMany(json, token: account.token))
                #expect(answer.status == 200)
                let files = try answer.files()
                #expect(files.map(\.id) == ids)
                #expect(files[0].state == "deleting" && files[3].state == "deleting" && files[4].state == "deleting")
                for index in [1, 2, 5, 6, 8] { #expect(files[index].error?.status == 404, "\(index)") }
                #expect(try await server.rows(of: other) == 1)
                #expect(server.announced.all.count { $0.state == .deleting } == 2)
            }
        }

        @Test(
            "bodies that name no files",
            arguments: [
                "", "{}", "[]", "null", "{\"ids\":[]}", "{\"ids\":\"a\"}", "{\"ids\":[1]}", "{\"ids\":[null]}", "{\"ids\":{\"a\":1}}",
                "{\"ids\":[\"a\"", "\u{0}",
                String(repeating: "[", count: 60_000),
                "{\"ids\":" + String(repeating: "[", count: 30_000) + String(repeating: "]", count: 30_000) + "}",
                "{\"ids\":[" + [String](repeating: "\"a\"", count: 1001).joined(separator: ",") + "]}", "{\"ids\":[\"\\ud800\"]}",
            ])
        func malformed(json: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                #expect(try await server.send(.deleteMany(json, token: account.token)).status == 400)
            }
        }

        @Test("not UTF-8")
        func notUTF8() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                var call = HTTPCall.deleteMany("", token: account.token)
                call.body = Array("{\"ids\":[\"".utf8) + [0xFF, 0xC0] + Array("\"]}".utf8)
                let answer = try await server.send(call)
                let result = answer.status == 200 ? try answer.files()[0].error?.status : nil
                #expect(answer.status == 400 || result == 404)
            }
        }

        @Test("ids are given back as JSON, whatever they hold")
        func echo() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(.deleteMany("{\"ids\":[\"<script>\\\"\\u0000\\u001b\\n\"]}", token: account.token))
                #expect(answer.status == 200)
                #expect(try answer.files()[0].id == "<script>\"\u{0}\u{1B}\n")
                #expect(answer.body.allSatisfy { $0 >= 0x20 })
            }
        }

        @Test("the body is read up to 64 KiB")
        func bodyCap() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let json = "{\"ids\":[\"\(UUIDv7())\"]}"
                let padded = { (count: Int) in json + String(repeating: " ", count: count - json.utf8.count) }
                #expect(try await server.send(.deleteMany(padded(65_536), token: account.token)).status == 200)
                let peer = try await server.connect()
                let answer = try await peer.call(.deleteMany(padded(65_537), token: account.token))
                #expect(answer.status == 413 && answer["connection"] == "close")
                #expect(try await peer.receiveEnd() == .closed)
                #expect(try await server.send(.deleteMany(padded(2_000_000), token: account.token)).status == 413)
            }
        }

        @Test("only JSON is read", arguments: ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", nil])
        func type(type: String?) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let id = try await self.upload("a", account, server)
                let fields = type.map { ["Content-Type: \($0)"] } ?? []
                let call = HTTPCall("DELETE", "/api/v1/files", token: account.token, fields, body: Array("{\"ids\":[\"\(id)\"]}".utf8))
                #expect(try await server.send(call).status == 415)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files/\(id)", token: account.token)).status == 200)
            }
        }
    }
}
