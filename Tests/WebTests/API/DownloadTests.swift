import Files
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    @Suite("Downloads")
    struct DownloadTests {
        private static let content = "0123456789"

        /// A staged file of ten bytes.
        private func run(
            name: String = "a.txt", type: String = "text/plain",
            _ body: @escaping @Sendable (WebServer, WebServer.Account, String) async throws -> Void
        ) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let file = try await server.send(.put(name, token: account.token, Self.content, ["Content-Type: \(type)"])).files()[0]
                try await body(server, account, "/api/v1/files/\(file.id ?? "")/content")
            }
        }

        @Test(
            "ASVS 3.2.1, H41 content that a browser would run is an attachment in a sandbox",
            arguments: [
                ("x.html", "text/html"), ("x.svg", "image/svg+xml"), ("x.js", "text/javascript"), ("x.xhtml", "application/xhtml+xml"),
            ])
        func active(name: String, type: String) async throws {
            try await run(name: name, type: type) { server, account, path in
                let answer = try await server.send(HTTPCall("GET", path, token: account.token))
                #expect(answer.status == 200 && answer.text == Self.content)
                #expect(answer["content-disposition"]?.hasPrefix("attachment; filename=\"\(name)\"") == true)
                #expect(answer["content-security-policy"] == "default-src 'none'; sandbox")
                #expect(answer["x-content-type-options"] == "nosniff")
                #expect(answer["cache-control"] == "private, no-store")
                #expect(answer["content-type"] == type)
                #expect(answer["access-control-allow-origin"] == nil)
            }
        }

        @Test("H35 a name cannot leave its header", arguments: ["a%22%3B%20filename=%22b.exe", "a%5C%22b", "%E2%82%AC.txt", "a;b'c"])
        func disposition(name: String) async throws {
            try await run(name: name) { server, account, path in
                let value = try await server.send(HTTPCall("GET", path, token: account.token))["content-disposition"] ?? ""
                #expect(value.utf8.allSatisfy { (0x20...0x7E).contains($0) })
                #expect(value.filter { $0 == "\"" }.count == 2 && value.filter { $0 == ";" }.count == 2, "\(value)")
            }
        }

        @Test(
            "H58 ranges",
            arguments: [
                ("bytes=0-", 206, "0123456789"), ("bytes=2-4", 206, "234"), ("bytes=9-9", 206, "9"), ("bytes=-3", 206, "789"),
                ("bytes=-99999999999999999999", 206, "0123456789"), ("bytes=5-99999999999999999999", 206, "56789"),
                ("bytes=10-", 416, nil), ("bytes=99999999999999999999-", 416, nil), ("bytes=-0", 416, nil),
                ("bytes=9223372036854775807-9223372036854775807", 416, nil), ("bytes=0-0,2-3", 416, nil),
                ("bytes=4-2", 200, "0123456789"), ("bytes=a-b", 200, "0123456789"), ("lines=0-1", 200, "0123456789"),
                ("bytes=--1", 200, "0123456789"), ("bytes=", 200, "0123456789"),
            ])
        func ranges(range: String, status: Int, content: String?) async throws {
            try await run { server, account, path in
                let answer = try await server.send(HTTPCall("GET", path, token: account.token, ["Range: \(range)"]))
                #expect(answer.status == status)
                if let content { #expect(answer.text == content) }
                switch status {
                case 206: #expect(answer["content-range"]?.hasSuffix("/10") == true)
                case 416: #expect(answer["content-range"] == "bytes */10")
                default: #expect(answer["content-range"] == nil)
                }
            }
        }

        @Test("H58 a thousand overlapping ranges are refused unseen")
        func manyRanges() async throws {
            try await run { server, account, path in
                let ranges = (0..<1000).map { _ in "0-9" }.joined(separator: ",")
                let answer = try await server.send(HTTPCall("GET", path, token: account.token, ["Range: bytes=\(ranges)"]))
                #expect(answer.status == 416)
            }
        }

        @Test("H58 If-Range: another version's range is worth nothing")
        func ifRange() async throws {
            try await run { server, account, path in
                let tag = try await server.send(HTTPCall("GET", path, token: account.token))["etag"] ?? ""
                #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
                for (value, status) in [(tag, 206), ("\"other\"", 200), ("W/" + tag, 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)] {
                    let fields = ["Range: bytes=0-1", "If-Range: \(value)"]
                    #expect(try await server.send(HTTPCall("GET", path, token: account.token, fields)).status == status, "\(value)")
                }
            }
        }

        @Test("H58 HEAD says the length and sends nothing; the connection goes on")
        func head() async throws {
            try await run { server, account, path in
                let peer = try await server.connect()
                for (fields, status, length) in [([String](), 200, "10"), (["Range: bytes=2-4"], 206, "3"), ([], 200, "10")] {
                    let answer = try await peer.call(HTTPCall("HEAD", path, token: account.token, fields))
                    #expect(answer.status == status && answer["content-length"] == length)
                }
                #expect(try await peer.call(HTTPCall("GET", path, token: account.token)).text == Self.content)
            }
        }

        @Test("H59 X-Accel and X-Sendfile from the client mean nothing")
        func accelFromClient() async throws {
            try await run { server, account, path in
                let fields = [
                    "X-Accel-Redirect: /_stored/1/secret", "X-Sendfile: /etc/passwd", "X-Accel-Mapping: /=/",
                    "X-Sendfile-Type: X-Accel-Redirect",
                    "X-Original-URL: /metrics", "X-HTTP-Method-Override: DELETE", "X-Forwarded-For: 127.0.0.1",
                ]
                let answer = try await server.send(HTTPCall("GET", path, token: account.token, fields))
                #expect(answer.text == Self.content)
                #expect(!answer.fields.contains { $0.name.hasPrefix("x-accel") || $0.name.hasPrefix("x-sendfile") })
            }
        }

        @Test("H59 a stored file is handed to nginx by the key of its row only")
        func stored() async throws {
            try await run(name: "..%2Fevil%20%E2%82%AC.html", type: "text/html") { server, account, path in
                _ = try await server.pool.execute(
                    "UPDATE files SET state = 'stored', stored_at = now() WHERE owner_id = \(account.id)")
                for method in ["GET", "HEAD"] {
                    let answer = try await server.send(HTTPCall(method, path, token: account.token, ["Range: bytes=0-1"]))
                    #expect(answer.status == 200 && answer.body.isEmpty)
                    let target = answer["x-accel-redirect"] ?? ""
                    #expect(target.hasPrefix("/_stored/\(account.id)/") && target.hasSuffix(".html") && !target.contains("evil"))
                    #expect(answer["content-disposition"]?.hasPrefix("attachment") == true)
                    #expect(answer["content-security-policy"] == "default-src 'none'; sandbox")
                }
            }
        }

        @Test("H58 several ranges of a stored file are refused as those of a staged one are, before nginx is asked")
        func storedRanges() async throws {
            try await run { server, account, path in
                let many = (0..<1000).map { _ in "0-9" }.joined(separator: ",")
                let ranges = [("0-0,2-3", 416), (many, 416), ("0-1,", 200), ("10-", 416), ("2-4", 200), ("a-b", 200)]
                for state in ["staged", "stored"] {
                    if state == "stored" {
                        _ = try await server.pool.execute(
                            "UPDATE files SET state = 'stored', stored_at = now() WHERE owner_id = \(account.id)")
                    }
                    for (range, status) in ranges {
                        let answer = try await server.send(HTTPCall("GET", path, token: account.token, ["Range: bytes=\(range)"]))
                        // Of what is stored nginx sends the part.
                        #expect(
                            answer.status == status || state == "staged" && answer.status == 206 && status == 200,
                            "\(state) \(range.prefix(20))")
                        #expect((answer["x-accel-redirect"] != nil) == (state == "stored" && status == 200), "\(range.prefix(20))")
                        if status == 416 { #expect(answer["content-range"] == "bytes */10") }
                    }
                }
                // Whether it is of the same version only nginx can tell.
                let fields = ["Range: bytes=0-0,2-3", "If-Range: \"other\""]
                #expect(try await server.send(HTTPCall("GET", path, token: account.token, fields)).status == 200)
            }
        }

        @Test("bytes that are gone without being stored are 503, not 500")
        func gone() async throws {
            try await run { server, account, path in
                for row in try await server.pool.query("SELECT container FROM files WHERE owner_id = \(account.id)") {
                    try await server.staging.remove([row.decode("container", as: FileID.self)])
                }
                #expect(try await server.send(HTTPCall("GET", path, token: account.token)).status == 503)
            }
        }

        @Test("a reader that goes away lets go of the file")
        func abandoned() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                var call = HTTPCall("PUT", "/api/v1/files/big", token: account.token)
                call.body = [UInt8](repeating: 7, count: 24 << 20)
                let id = try await server.send(call).files()[0].id ?? ""
                let peer = try await Peer(port: server.port, receiveBuffer: 16 << 10)
                try await peer.send(HTTPCall("GET", "/api/v1/files/\(id)/content", token: account.token).bytes)
                #expect(await eventually { !server.openDescriptors.isEmpty })
                await peer.reset()
                #expect(await eventually { server.openDescriptors.isEmpty })
            }
        }
    }
}
