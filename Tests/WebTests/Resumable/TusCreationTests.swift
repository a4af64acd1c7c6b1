import Files
import Foundation
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    /// The extensions creation, creation-with-upload, creation-defer-length, expiration and termination of tus 1.0.0.
    @Suite("tus: creation, expiration, termination")
    struct TusCreationTests {
        private static var date: Regex<Substring> { /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/ }

        @Test("a creation is 201 with a relative Location and the time until which it lasts")
        func created() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_UPLOAD_LIFETIME": "1h"])) { server in
                let account = try await server.account()
                let answer = try await server.send(.tus("POST", token: account.token, ["Upload-Length: 5"]))
                #expect(answer.status == 201 && answer["upload-offset"] == nil && answer.body.isEmpty)
                let path = try #require(answer["location"])
                #expect(path.hasPrefix("/api/v1/uploads/") && UploadID(String(path.suffix(36))) != nil)
                let expires = try #require(answer["upload-expires"])
                #expect(expires.wholeMatch(of: Self.date) != nil)
                let format = DateFormatter()
                format.locale = Locale(identifier: "en_US_POSIX")
                format.timeZone = TimeZone(secondsFromGMT: 0)
                format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
                #expect(abs((format.date(from: expires)?.timeIntervalSinceNow ?? 0) - 3600) < 60)
                #expect(try await server.head(path, account)["upload-expires"]?.wholeMatch(of: Self.date) != nil)
                let patched = try await server.send(.patch(path, at: 0, [1], token: account.token))
                #expect(patched["upload-expires"]?.wholeMatch(of: Self.date) != nil)
            }
        }

        @Test("metadata is given back as it was sent; a name and a type are used, and without them there are others")
        func metadata() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let text = "filename d29ybGQucGRm,is_confidential,note AAEC/w=="
                let path = try await server.begin(account, length: 1, ["Upload-Metadata: \(text)"])
                #expect(try await server.head(path, account)["upload-metadata"] == text)
                #expect(try await server.send(.patch(path, at: 0, [1], token: account.token)).status == 204)
                #expect(try await server.head(path, account)["upload-metadata"] == text)
                // tuspy sends the field without a value.
                for fields in [["Upload-Metadata:"], [], ["Upload-Metadata: filename ,filetype"]] {
                    let path = try await server.begin(account, length: 1, fields)
                    let end = try await server.send(.patch(path, at: 0, [1], token: account.token))
                    #expect(end.status == 204, "\(fields): \(end.text)")
                    let id = try #require(end["sluice-file"])
                    let file = try await server.send(HTTPCall("GET", "/api/v1/files/\(id)", token: account.token)).decode(FileReply.self)
                    #expect(file.name == "upload-" + path.suffix(36) && file.contentType == "application/octet-stream")
                }
            }
        }

        @Test("H27 H29 H34 names are cleaned as everywhere")
        func names() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for (name, expected) in [("../../etc/passwd", "passwd"), ("a\u{202E}gpj.exe", "agpj.exe"), ("x\r\ny", "xy")] {
                    let field = "Upload-Metadata: filename \(Data(name.utf8).base64EncodedString())"
                    let answer = try await server.send(.create(with: [1], token: account.token, ["Upload-Length: 1", field]))
                    #expect(answer.status == 201)
                    #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).files()[0].name == expected)
                }
                for bytes in [[0x61, 0, 0x62], [0xFF, 0xFE], Array("..".utf8), Array("%2e%2F".utf8)] as [[UInt8]] {
                    let field = "Upload-Metadata: filename \(Data(bytes).base64EncodedString())"
                    #expect(try await server.send(.tus("POST", token: account.token, ["Upload-Length: 1", field])).status == 400)
                }
            }
        }

        @Test("with all of its bytes a creation makes the file at once, an empty one too", arguments: [0, 1, 70_000, 1_000_003])
        func whole(size: Int) async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let content = pattern(size)
                let answer = try await server.send(.create(with: content, token: account.token, ["Upload-Length: \(size)"]))
                #expect(answer.status == 201 && answer["upload-offset"] == "\(size)" && answer["upload-expires"] == nil)
                #expect(try await server.content(of: answer["sluice-file"], account) == content)
                let head = try await server.head(answer["location"] ?? "", account)
                #expect(head["upload-offset"] == "\(size)" && head["sluice-file"] == answer["sluice-file"])
                #expect(head["repr-digest"] != nil && head["repr-digest"] == answer["repr-digest"])
                #expect(server.partialFiles.isEmpty)
            }
        }

        @Test("an empty file needs no bytes and no PATCH")
        func empty() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(.tus("POST", token: account.token, ["Upload-Length: 0"]))
                #expect(answer.status == 201)
                #expect(try await server.content(of: answer["sluice-file"], account).isEmpty)
                #expect(try await server.send(.patch(answer["location"] ?? "", at: 0, [], token: account.token)).status == 204)
            }
        }

        @Test("with the first of its bytes a creation tells how many were taken", arguments: [false, true])
        func half(isChunked: Bool) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let content = pattern(100_000)
                var call = HTTPCall.create(with: Array(content[..<60_000]), token: account.token, ["Upload-Length: 100000"])
                if isChunked {
                    call.fields.append("Transfer-Encoding: chunked")
                    call.body = Array("\(String(60_000, radix: 16))\r\n".utf8) + call.body + Array("\r\n0\r\n\r\n".utf8)
                }
                let answer = try await server.send(call)
                #expect(answer.status == 201 && answer["upload-offset"] == "60000" && answer["sluice-file"] == nil)
                let path = try #require(answer["location"])
                let end = try await server.send(.patch(path, at: 60_000, Array(content[60_000...]), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == content)
            }
        }

        @Test("bytes with a creation have the protocol's type", arguments: ["text/plain", nil])
        func type(type: String?) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = ["Upload-Length: 3"] + (type.map { ["Content-Type: \($0)"] } ?? [])
                #expect(try await server.send(.tus("POST", token: account.token, fields, body: pattern(3))).status == 415)
                #expect(try await server.uploads(of: account) == 0)
            }
        }

        @Test("a length that comes later: Upload-Defer-Length until then, and then it stays")
        func deferred() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, ["Upload-Defer-Length: 1"])
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                let before = try await server.head(path, account)
                #expect(before["upload-defer-length"] == "1" && before["upload-length"] == nil && before["upload-offset"] == "4")
                // No less than what is there.
                #expect(try await server.send(.patch(path, at: 4, [], token: account.token, ["Upload-Length: 3"])).status == 400)
                let told = try await server.send(.patch(path, at: 4, [4], token: account.token, ["Upload-Length: 6"]))
                #expect(told.status == 204 && told["sluice-file"] == nil)
                let after = try await server.head(path, account)
                #expect(after["upload-defer-length"] == nil && after["upload-length"] == "6" && after["upload-offset"] == "5")
                for length in [5, 7] {
                    #expect(
                        try await server.send(.patch(path, at: 5, [5], token: account.token, ["Upload-Length: \(length)"])).status == 400)
                }
                let end = try await server.send(.patch(path, at: 5, [5], token: account.token, ["Upload-Length: 6"]))
                #expect(try await server.content(of: end["sluice-file"], account) == pattern(4) + [4, 5])
            }
        }

        @Test("a length that turns out to be what is there ends the upload, without a byte more")
        func deferredEnd() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, ["Upload-Defer-Length: 1"])
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                let end = try await server.send(.patch(path, at: 4, [], token: account.token, ["Upload-Length: 4"]))
                #expect(end.status == 204)
                #expect(try await server.content(of: end["sluice-file"], account) == pattern(4))
            }
        }

        @Test("longer than Tus-Max-Size is 413, at the creation, at the length that comes later, and in bytes")
        func maximum() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "1000"])) { server in
                let account = try await server.account()
                #expect(try await server.send(HTTPCall("OPTIONS", HTTPCall.uploads))["tus-max-size"] == "1000")
                #expect(try await server.send(.tus("POST", token: account.token, ["Upload-Length: 1001"])).status == 413)
                #expect(try await server.send(.tus("POST", token: account.token, ["Upload-Length: \(Int64.max)"])).status == 413)
                let path = try await server.begin(account, ["Upload-Defer-Length: 1"])
                #expect(try await server.send(.patch(path, at: 0, [1], token: account.token, ["Upload-Length: 1001"])).status == 413)
                #expect(try await server.send(.patch(path, at: 0, pattern(1001), token: account.token)).status == 413)
                #expect(try await server.offset(of: path, account) == 0)
                #expect(try await server.send(.patch(path, at: 0, pattern(1000), token: account.token)).status == 204)
            }
        }

        @Test("after its time an upload is 410, and no byte is taken")
        func expired() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                let id = try #require(UploadID(String(path.suffix(36))))
                _ = try await server.pool.query("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = \(id)")
                #expect(try await server.head(path, account).status == 410)
                #expect(try await server.send(.patch(path, at: 0, pattern(3), token: account.token)).status == 410)
                #expect(try await server.rows(of: account) == 0)
            }
        }

        @Test("DELETE is 204 and frees what there is, also with a request under way; then it is 404")
        func terminated() async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 1_000_000)
                let peer = try await server.connect()
                let call = HTTPCall.patch(path, at: 0, [], token: account.token, ["Content-Length: 1000000"])
                try await peer.send(call.bytes + pattern(300_000))
                #expect(await eventually { !server.partialFiles.isEmpty })
                #expect(try await server.send(.tus("DELETE", path, token: account.token)).status == 204)
                _ = try await peer.receiveEnd()
                #expect(await peer.hasBytes == false)
                #expect(try await server.head(path, account).status == 404)
                #expect(await eventually { server.partialFiles.isEmpty })
                #expect(try await server.uploads(of: account) == 0)
            }
        }

        @Test("DELETE of one that has become a file deletes the file: the user did not want it")
        func terminatedComplete() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                let file = try await server.send(.patch(path, at: 0, pattern(3), token: account.token))["sluice-file"] ?? ""
                #expect(try await server.send(.tus("DELETE", path, token: account.token)).status == 204)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files/\(file)", token: account.token)).status == 404)
                #expect(try await server.head(path, account).status == 404)
            }
        }
    }
}
