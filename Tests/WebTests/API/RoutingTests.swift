import Platform
import Testing
import Web

extension OverSockets {
    @Suite("Routes and queries")
    struct RoutingTests {
        @Test(
            "unknown paths are 404, with and without a token",
            arguments: [
                "/api", "/api/v1", "/api/v1/files/a/b", "/api/v2/files", "/metrics", "/live", "/.env", "//api//v1//nothing",
                "/api/v1/files/../../x", "/api/v1/%66iles", "*",
            ])
        func unknown(path: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for token in [nil, account.token] {
                    let answer = try await server.send(HTTPCall("GET", path, token: token))
                    #expect(answer.status == 404, "\(path)")
                }
            }
        }

        @Test(
            "methods without a meaning are 405 with Allow",
            arguments: [
                ("/api/v1/files", ["PUT", "PATCH", "HEAD", "OPTIONS"], "POST, GET, DELETE"),
                ("/api/v1/files/a", ["POST", "PATCH", "HEAD", "OPTIONS"], "PUT, GET, DELETE"),
                ("/api/v1/files/a/content", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "GET, HEAD"),
            ])
        func methods(path: String, methods: [String], allowed: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for method in methods {
                    let answer = try await server.send(HTTPCall(method, path, token: account.token))
                    #expect(answer.status == 405, "\(method)")
                    #expect(answer["allow"] == allowed)
                }
                for method in ["TRACE", "CONNECT", "PROPFIND", "MKCOL", "QUERY"] {
                    let peer = try await server.connect()
                    try await peer.send(HTTPCall(method, path, token: account.token).bytes)
                    let answer = try await peer.receive()
                    #expect((400...405).contains(answer.status) || answer.status == 501, "\(method) \(answer.status)")
                    #expect(!answer.text.contains(account.token))
                }
            }
        }

        @Test(
            "queries that are malformed or not known are refused with their name for it",
            arguments: [
                ("order=name", "unknownParameter"), ("limit=1&limit=2", "duplicateParameter"), ("limit=-1", "notANumber"),
                ("limit=1e3", "notANumber"), ("limit=", "notANumber"), ("search=%00", "controlCharacter"), ("search=%FF", "invalidUTF8"),
                ("search=%zz", "malformedPercentEncoding"), ("search=" + String(repeating: "a", count: 2000), "parameterTooLong"),
                ("search=a%0d%0aX-Evil:1", "controlCharacter"), ("owner=1", "unknownParameter"), ("is_admin=true", "unknownParameter"),
            ])
        func queries(query: String, code: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(HTTPCall("GET", "/api/v1/files?\(query)", token: account.token))
                #expect(answer.status == 400)
                #expect(try answer.decode(Problem.self).code == code)
            }
        }

        @Test("H37 lists are JSON, whatever is asked for: what a spreadsheet would calculate is a string in it")
        func lists() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for name in ["=cmd()", "+1", "-1", "@a"] {
                    #expect(try await server.send(.put(name, token: account.token)).status == 202)
                }
                for type in ["text/csv", "text/tab-separated-values", "application/vnd.ms-excel", "*/*"] {
                    let answer = try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token, ["Accept: \(type)"]))
                    #expect(answer.status == 200 && answer["content-type"]?.hasPrefix("application/json") == true)
                    #expect(try Set(answer.files().compactMap(\.name)) == ["=cmd()", "+1", "-1", "@a"])
                    #expect(answer.text.contains("\"=cmd()\""))
                }
                let format = try await server.send(HTTPCall("GET", "/api/v1/files?format=csv", token: account.token))
                #expect(format.status == 400)
                #expect(try format.decode(Problem.self).code == "unknownParameter")
            }
        }

        @Test("H63 a query of a megabyte, and one beyond its limit")
        func hugeQuery() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let long = HTTPCall("GET", "/api/v1/files?search=" + String(repeating: "a", count: 9000), token: account.token)
                #expect(try await server.send(long).status == 414)
                let peer = try await server.connect()
                try? await peer.send(HTTPCall("GET", "/api/v1/files?search=" + String(repeating: "a", count: 1 << 20)).bytes)
                #expect([400, 414, 431].contains(try await peer.receive().status))
            }
        }

        @Test("H63 wildcards, quotes and patterns are text")
        func search() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let names = ["100%25.txt", "a_b.txt", "axb.txt", "it's.txt", "back%5Cslash", "Plan.PDF"]
                for name in names where !name.contains("%5C") {
                    #expect(try await server.send(.put(name, token: account.token)).status == 202)
                }
                let searches: [(String, [String])] = [
                    ("%25", ["100%.txt"]), ("_", ["a_b.txt"]), ("a.b", []), ("'", ["it's.txt"]), ("%27%3B%20DROP%20TABLE%20files%3B--", []),
                    ("%5C", []), ("plan", ["Plan.PDF"]), (".*", []), ("%25%25%25%25", []), ("(%5B", []), ("$1", []),
                ]
                for (search, expected) in searches {
                    let answer = try await server.send(HTTPCall("GET", "/api/v1/files?search=\(search)", token: account.token))
                    #expect(try answer.files().compactMap(\.name) == expected, "\(search)")
                }
            }
        }

        @Test("H64 limits are clamped and pages follow each other; forged cursors are refused")
        func paging() async throws {
            try await WebServer.run { server in
                let (account, other) = (try await server.account(), try await server.account())
                for index in 0..<5 { #expect(try await server.send(.put("f\(index)", token: account.token)).status == 202) }
                for limit in ["0", "1", "500", "1000000000", "99999999999999999999999999"] {
                    let answer = try await server.send(HTTPCall("GET", "/api/v1/files?limit=\(limit)", token: account.token))
                    #expect(try answer.files().count == (limit.count == 1 ? 1 : 5), "\(limit)")
                }
                for sort in ["created", "-created", "name", "-name", "size", "-size"] {
                    var (names, cursor): ([String], String?) = ([], nil)
                    repeat {
                        let path = "/api/v1/files?limit=2&sort=\(sort)" + (cursor.map { "&cursor=\($0)" } ?? "")
                        let page = try await server.send(HTTPCall("GET", path, token: account.token)).decode(FilesReply.self)
                        names += page.files.compactMap(\.name)
                        cursor = page.next
                        if let cursor {
                            let stolen = HTTPCall("GET", "/api/v1/files?sort=\(sort)&cursor=\(cursor)", token: other.token)
                            #expect(try await server.send(stolen).files().isEmpty, "another owner's cursor shows nothing")
                        }
                    } while cursor != nil
                    #expect(names.sorted() == (0..<5).map { "f\($0)" }, "\(sort): \(names)")
                }
                for cursor in ["a", "MQ", "..%2F..%2Fetc", "'%20OR%201=1", String(repeating: "A", count: 1000), "%00", "AAAA"] {
                    let answer = try await server.send(HTTPCall("GET", "/api/v1/files?cursor=\(cursor)", token: account.token))
                    #expect(answer.status == 400, "\(cursor)")
                }
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files?sort=owner", token: account.token)).status == 400)
            }
        }

        @Test("the description is served to everybody and describes answers")
        func description() async throws {
            try await WebServer.run { server in
                let answer = try await server.send(HTTPCall("GET", "/openapi.yaml"))
                #expect(answer.status == 200 && answer["content-type"] == "application/yaml")
                #expect(answer.text == OpenAPI.text)
                #expect(APIDescription.count > 40)
            }
        }
    }
}
