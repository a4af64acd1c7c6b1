import Accounts
import Platform
import TestSupport
import Testing

extension OverSockets {
    @Suite("Scopes of tokens")
    struct ScopeTests {
        /// Every operation there is, and the one scope that permits it.
        private static let operations: [(method: String, path: String, scope: TokenScope)] = [
            ("GET", "/api/v1/files", .read), ("POST", "/api/v1/files", .write), ("DELETE", "/api/v1/files", .delete),
            ("PUT", "/api/v1/files/{id}", .write), ("GET", "/api/v1/files/{id}", .read), ("DELETE", "/api/v1/files/{id}", .delete),
            ("GET", "/api/v1/files/{id}/content", .read), ("HEAD", "/api/v1/files/{id}/content", .read), ("GET", "/api/v1/events", .read),
            ("GET", "/api/v1/me", .read),
            ("POST", "/api/v1/uploads", .write), ("HEAD", "/api/v1/uploads/{id}", .write), ("PATCH", "/api/v1/uploads/{id}", .write),
            ("POST", "/api/v1/uploads/{id}", .write), ("DELETE", "/api/v1/uploads/{id}", .delete),
        ]

        @Test("the description names the scope of every operation")
        func described() {
            let expected = Self.operations.map { ("\($0.method) \($0.path)", $0.scope.rawValue) }
            #expect(APIDescription.scopes == Dictionary(uniqueKeysWithValues: expected))
        }

        @Test("a token does what it has the scope for and nothing else, on every route", arguments: TokenScope.allCases)
        func routes(scope: TokenScope) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let (token, others) = (try await server.token(account, [scope]), try await server.token(account, .all.subtracting([scope])))
                for (method, path, needed) in Self.operations where needed == scope {
                    let call = HTTPCall(method, path.replacing("{id}", with: "a"), token: others)
                    let refused = try await server.send(call)
                    #expect(refused.status == 403, "\(method) \(path)")
                    #expect(
                        refused["www-authenticate"]
                            == "Bearer realm=\"sluice\", error=\"insufficient_scope\", scope=\"\(needed.rawValue)\"", "\(method) \(path)")
                    if method != "HEAD" {
                        let problem = try refused.decode(Problem.self)
                        #expect(problem.type == "/problems/insufficient-scope")
                        #expect(problem.detail?.contains("the scope \(needed.rawValue)") == true)
                    }
                    if path.hasSuffix("events") {
                        let stream = try await EventReader(Browser(server), ["Authorization: Bearer \(token)"])
                        #expect(stream.head.status == 200)
                        await stream.close()
                    } else {
                        let status = try await server.send(HTTPCall(method, call.path, token: token)).status
                        #expect(![401, 403].contains(status), "\(method) \(path) \(status)")
                    }
                }
            }
        }

        @Test("an upload without the scope is refused before its body: it is not asked for, and nothing of one that comes anyway is kept")
        func upload() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let token = try await server.token(account, [.read, .delete])
                let asking = HTTPCall.put("a", token: token, "content", ["Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(asking.head)
                let answer = try await peer.receive(asking)
                #expect(answer.status == 403 && answer["connection"] == "close")
                #expect(try await server.send(.put("a", token: token)).status == 403)
                #expect(try await server.send(.post(Form().file("a"), token: token)).status == 403)
                try await server.expectNothingLeft(of: account)
                // What was refused is what a token with the scope may do.
                #expect(try await server.send(.put("a", token: server.token(account, [.write]))).status == 202)
            }
        }

        @Test("deleting needs its own scope: with the others the files stay")
        func deletion() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let token = try await server.token(account, [.read, .write])
                let file = try #require(try await server.send(.put("a", token: token)).files().first?.id)
                #expect(try await server.send(HTTPCall("DELETE", "/api/v1/files/\(file)", token: token)).status == 403)
                #expect(try await server.send(.deleteMany("{\"ids\":[\"\(file)\"]}", token: token)).status == 403)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files/\(file)", token: token)).status == 200)
            }
        }
    }
}

extension WebServer {
    /// Another token of an account.
    fileprivate func token(_ account: Account, _ scopes: Set<TokenScope>) async throws -> String {
        let token = try await TokenStore(pool: pool).add(user: account.id, name: "test", scopes: scopes).reveal()
        Recorder<String>.secrets.record(token)
        return token
    }
}
