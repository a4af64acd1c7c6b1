import Accounts
import Platform
import TestSupport
import Testing

extension OverSockets {
    @Suite("Authentication")
    struct AuthenticationTests {
        static let routes = [
            ("GET", "/api/v1/files"), ("POST", "/api/v1/files"), ("DELETE", "/api/v1/files"), ("PUT", "/api/v1/files/a"),
            ("GET", "/api/v1/files/a"), ("DELETE", "/api/v1/files/a"), ("GET", "/api/v1/files/a/content"),
            ("HEAD", "/api/v1/files/a/content"), ("POST", "/api/v1/uploads"), ("HEAD", "/api/v1/uploads/a"), ("PATCH", "/api/v1/uploads/a"),
            ("DELETE", "/api/v1/uploads/a"), ("POST", "/api/v1/uploads/a"),
        ]

        @Test("every route needs a token, and says which scheme")
        func missing() async throws {
            try await WebServer.run { server in
                for (method, path) in Self.routes {
                    let answer = try await server.send(HTTPCall(method, path))
                    #expect(answer.status == 401, "\(method) \(path)")
                    #expect(answer["www-authenticate"]?.hasPrefix("Bearer ") == true, "\(method) \(path)")
                }
            }
        }

        @Test(
            "what is no valid token is refused alike",
            arguments: [
                "Bearer slc_" + String(repeating: "A", count: 43), "Bearer slc_wrong", "Bearer ", "Bearer", "Basic dTpw", "slc_wrong", "",
                "Bearer slc_" + String(repeating: "A", count: 300), "Bearer " + String(repeating: "A", count: 20_000), "Digest a=b",
                "Bearer \u{301}", "Bearer ' OR 1=1 --", "Bearer slc_" + String(repeating: "\u{FF}", count: 43),
            ])
        func malformed(value: String) async throws {
            try await WebServer.run { server in
                let answer = try await server.send(HTTPCall("GET", "/api/v1/files", ["Authorization: \(value)"]))
                #expect(answer.status == 401)
                let plain = try await server.send(HTTPCall("GET", "/api/v1/files"))
                #expect(answer.body == plain.body)
            }
        }

        @Test("the scheme is matched in any case, and blanks before the token do not matter")
        func forms() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for scheme in ["Bearer ", "bearer ", "BEARER   "] {
                    let answer = try await server.send(HTTPCall("GET", "/api/v1/files", ["Authorization: \(scheme)\(account.token)"]))
                    #expect(answer.status == 200, "\(scheme)")
                }
            }
        }

        @Test("two tokens in one request are none")
        func twice() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = ["Authorization: Bearer \(account.token)", "Authorization: Bearer \(account.token)"]
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", fields)).status == 401)
            }
        }

        @Test("a token in the query is not looked at")
        func query() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files?token=\(account.token)")).status == 401)
            }
        }

        @Test("a revoked token ends")
        func revoked() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status == 200)
                let store = TokenStore(pool: server.pool)
                for token in try await store.list(user: account.id) { #expect(try await store.revoke(token.id, user: account.id)) }
                #expect(await eventually { (try? await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status) == 401 })
            }
        }
    }
}
