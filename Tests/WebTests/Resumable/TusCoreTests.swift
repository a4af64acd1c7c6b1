import Cryptography
import Files
import Foundation
import Platform
import TestSupport
import Testing

extension OverSockets {
    /// What the protocol's version 1.0.0 says servers MUST do in its core. In the order of the text: the fields, then the requests.
    @Suite("tus: core")
    struct TusCoreTests {
        @Test("Tus-Resumable is in every answer, refusals too, and Tus-Version in that of OPTIONS, which needs no token")
        func versions() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                for target in [HTTPCall.uploads, path, HTTPCall.uploads + "/none"] {
                    for fields in [[], ["Tus-Resumable: 0.2.2"]] {
                        let answer = try await server.send(HTTPCall("OPTIONS", target, fields))
                        #expect(answer.status == 204 && answer["tus-version"] == "1.0.0")
                        #expect(answer["tus-max-size"].flatMap { Int64($0) } ?? -1 > 0)
                    }
                }
                let calls: [(HTTPCall, Int)] = [
                    (.tus("HEAD", path, token: account.token), 200), (.tus("HEAD", path + "0", token: account.token), 404),
                    (.tus("POST", token: account.token), 400), (.tus("POST", token: nil), 401), (.tus("POST", token: "slc_wrong"), 401),
                    (HTTPCall("POST", HTTPCall.uploads, token: account.token), 412), (.tus("GET", path, token: account.token), 405),
                    (.tus("PUT", token: account.token, body: [1]), 405), (.tus("GET", path + "/x", token: account.token), 404),
                    (.patch(path, at: 0, pattern(3), token: account.token), 204), (.tus("DELETE", path, token: account.token), 204),
                    (.tus("DELETE", path, token: account.token), 404),
                ]
                for (call, status) in calls {
                    let answer = try await server.send(call)
                    #expect(answer.status == status && answer["tus-resumable"] == "1.0.0", "\(call.method) \(call.path) \(answer.status)")
                }
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token))["tus-resumable"] == nil)
            }
        }

        @Test(
            "another version, and none, is 412 with Tus-Version, and nothing is done",
            arguments: ["0.2.2", "1.0.1", "", "1.0.0, 1.0.0", nil])
        func otherVersion(version: String?) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                let fields = version.map { ["Tus-Resumable: \($0)"] } ?? []
                let type = "Content-Type: application/offset+octet-stream"
                for call in [
                    HTTPCall("POST", HTTPCall.uploads, token: account.token, fields + ["Upload-Length: 3"]),
                    HTTPCall("PATCH", path, token: account.token, fields + [type, "Upload-Offset: 0"], body: pattern(3)),
                    HTTPCall("HEAD", path, token: account.token, fields), HTTPCall("DELETE", path, token: account.token, fields),
                ] {
                    let answer = try await server.send(call)
                    #expect(answer.status == 412 && answer["tus-version"] == "1.0.0", "\(call.method)")
                }
                #expect(try await server.uploads(of: account) == 1)
                #expect(try await server.offset(of: path, account) == 0)
            }
        }

        @Test("Tus-Extension, Tus-Checksum-Algorithm: what is announced, and nothing else")
        func extensions() async throws {
            try await WebServer.run { server in
                let answer = try await server.send(HTTPCall("OPTIONS", HTTPCall.uploads))
                let announced = Set(answer["tus-extension"]?.split(separator: ",").map(String.init) ?? [])
                #expect(
                    announced == [
                        "creation", "creation-with-upload", "creation-defer-length", "checksum", "termination", "expiration",
                        "concatenation",
                    ])
                let algorithms = answer["tus-checksum-algorithm"]?.split(separator: ",").map(String.init) ?? []
                #expect(algorithms == ["sha1", "sha256", "crc32c"])
            }
        }

        @Test("HEAD: Upload-Offset at 0, in between and at the end, Upload-Length, and no caching")
        func head() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 5)
                for (offset, count) in [(0, 2), (2, 3), (5, 0)] as [(Int64, Int)] {
                    let answer = try await server.head(path, account)
                    #expect(answer.status == 200 && answer["upload-offset"] == "\(offset)" && answer["upload-length"] == "5")
                    #expect(answer["cache-control"] == "no-store" && answer["upload-defer-length"] == nil)
                    let patched = try await server.send(.patch(path, at: offset, pattern(count), token: account.token))
                    #expect(patched.status == 204 && patched["upload-offset"] == "\(Int(offset) + count)")
                }
                let gone = try await server.head(HTTPCall.uploads + "/" + UUIDv7().description, account)
                #expect(gone.status == 404 && gone["upload-offset"] == nil)
            }
        }

        @Test(
            "PATCH: 204 with the sum of offset and bytes, in requests of any size, and the file in the end",
            arguments: [1, 7, 65_536, 1_300_001])
        func patch(size: Int) async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let content = pattern(size == 1 || size == 7 ? 23 : 2_000_003)
                let path = try await server.begin(
                    account, length: content.count, ["Upload-Metadata: filename YS50eHQ=,filetype dGV4dC9jc3Y="])
                var (offset, file): (Int, String?) = (0, nil)
                let peer = try await server.connect()
                while offset < content.count {
                    let bytes = Array(content[offset..<min(offset + size, content.count)])
                    let answer = try await peer.call(.patch(path, at: Int64(offset), bytes, token: account.token))
                    offset += bytes.count
                    #expect(answer.status == 204 && answer["upload-offset"] == "\(offset)", "\(answer.text)")
                    #expect((answer["sluice-file"] != nil) == (offset == content.count))
                    #expect((answer["upload-expires"] != nil) == (offset < content.count))
                    if let id = answer["sluice-file"] {
                        file = id
                        let digest = Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()
                        #expect(answer["repr-digest"] == "sha-256=:\(digest):")
                    }
                }
                let listed = try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).files()
                #expect(listed.map(\.name) == ["a.txt"] && listed[0].contentType == "text/csv" && listed[0].id == file)
                #expect(try await server.content(of: file, account) == content)
                #expect(server.partialFiles.isEmpty)
                let head = try await server.head(path, account)
                let digest = Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()
                #expect(head["sluice-file"] == file && head["repr-digest"] == "sha-256=:\(digest):")
            }
        }

        @Test("PATCH of another type is 415, without a type too", arguments: ["text/plain", "application/octet-stream", nil])
        func type(type: String?) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                let fields = ["Upload-Offset: 0"] + (type.map { ["Content-Type: \($0)"] } ?? [])
                #expect(try await server.send(.tus("PATCH", path, token: account.token, fields, body: pattern(3))).status == 415)
                #expect(try await server.offset(of: path, account) == 0)
            }
        }

        @Test("H47 PATCH at another offset is 409 with the right one, and nothing is changed")
        func wrongOffset() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let content = pattern(20)
                let path = try await server.begin(account, length: 20)
                #expect(try await server.send(.patch(path, at: 0, Array(content[..<10]), token: account.token)).status == 204)
                for offset in [9, 11, 0, 20, 1 << 62, Int64.max] as [Int64] {
                    let answer = try await server.send(.patch(path, at: offset, [0], token: account.token))
                    #expect(answer.status == 409 && answer["upload-offset"] == "10", "\(offset)")
                    #expect(try answer.decode(Problem.self).type == "/problems/wrong-offset" && answer.text.contains("\"offset\":10"))
                }
                #expect(try await server.offset(of: path, account) == 10)
                let end = try await server.send(.patch(path, at: 10, Array(content[10...]), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == content)
                // After the end as well; the PATCH whose answer was lost is answered once more.
                #expect(try await server.send(.patch(path, at: 10, Array(content[10...]), token: account.token)).status == 409)
                let again = try await server.send(.patch(path, at: 20, [], token: account.token))
                #expect(again.status == 204 && again["upload-offset"] == "20" && again["sluice-file"] == end["sluice-file"])
                #expect(again["repr-digest"] == end["repr-digest"] && end["repr-digest"] != nil)
                #expect(try await server.head(path, account)["repr-digest"] == end["repr-digest"])
                #expect(try await server.send(.patch(path, at: 20, [1], token: account.token)).status == 413)
                // As a pipe sends what is left, which nothing is.
                for (body, status) in [("0\r\n\r\n", 204), ("1\r\na\r\n0\r\n\r\n", 413)] {
                    var piped = HTTPCall.patch(path, at: 20, [], token: account.token, ["Transfer-Encoding: chunked"])
                    piped.body = Array(body.utf8)
                    let answer = try await server.send(piped)
                    #expect(answer.status == status && (answer["sluice-file"] == end["sluice-file"]) == (status == 204))
                }
                let waiting = HTTPCall.patch(
                    path, at: 20, [], token: account.token, ["Transfer-Encoding: chunked", "Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(waiting.head)
                #expect(try await peer.receive().status == 100)
                try await peer.send("0\r\n\r\n")
                #expect(try await peer.receive(waiting).status == 204)
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("as much as possible is kept of what came before a connection was lost", arguments: [false, true])
        func lostConnection(isChunked: Bool) async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let content = pattern(1_000_000)
                let path = try await server.begin(account, length: content.count)
                var call = HTTPCall.patch(path, at: 0, [], token: account.token)
                call.fields.append(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000")
                let peer = try await server.connect()
                let sent = Array(content[..<700_001])
                let frame = isChunked ? Array("\(String(sent.count, radix: 16))\r\n".utf8) : []
                try await peer.send(call.bytes + frame + sent)
                await peer.halfClose()
                _ = try await peer.receiveEnd()
                await peer.close()
                #expect(try await eventually { try await server.offset(of: path, account) == 700_001 })
                let end = try await server.send(.patch(path, at: 700_001, Array(content[700_001...]), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == content)
            }
        }

        @Test("Expect: 100-continue is met once everything that can be asked has been, and not before")
        func expectation() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 10)
                let fields = ["Expect: 100-continue", "Content-Length: 5"]
                let right = HTTPCall.patch(path, at: 0, [], token: account.token, fields)
                let peer = try await server.connect()
                try await peer.send(right.head)
                #expect(try await peer.receive().status == 100)
                try await peer.send(pattern(5))
                #expect(try await peer.receive(right).status == 204)
                for (call, status) in [
                    (HTTPCall.patch(path, at: 4, [], token: account.token, fields), 409),
                    (.patch(path, at: 5, [], token: account.token, ["Expect: 100-continue", "Content-Length: 6"]), 413),
                    (.patch(path, at: 5, [], token: account.token, ["Expect: a", "Content-Length: 5"]), 417),
                    (.tus("POST", token: account.token, ["Upload-Length: x"] + fields), 400),
                ] {
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    #expect(try await peer.receive().status == status, "\(call.fields)")
                    #expect(try await peer.receiveEnd() == .closed)
                }
                #expect(try await server.offset(of: path, account) == 5)
            }
        }

        @Test("H55 the method that is meant: PATCH, HEAD and DELETE by POST, with a token that may do it")
        func override() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                func post(_ method: String, _ fields: [String] = [], _ body: [UInt8] = [], at target: String? = nil) async throws -> Answer
                {
                    try await server.send(
                        .tus("POST", target ?? path, token: account.token, ["X-HTTP-Method-Override: \(method)"] + fields, body: body))
                }
                let type = "Content-Type: application/offset+octet-stream"
                #expect(try await post("PATCH", ["Upload-Offset: 0", type], pattern(2)).status == 204)
                #expect(try await post("HEAD")["upload-offset"] == "2")
                for method in ["GET", "POST", "PUT", "OPTIONS", "patch", "", "PATCH, PATCH", "CONNECT", "x"] {
                    #expect(try await post(method).status == 400, "\(method)")
                }
                #expect(try await post("PATCH", at: HTTPCall.uploads).status == 400)
                #expect(try await server.send(.tus("POST", path, token: account.token)).status == 405)
                let patch = HTTPCall.tus("PATCH", path, token: account.token, ["X-HTTP-Method-Override: DELETE"], body: [1])
                #expect(try await server.send(patch).status == 400)
                #expect(try await server.offset(of: path, account) == 2)
                #expect(try await post("DELETE").status == 204)
                #expect(try await server.head(path, account).status == 404)
            }
        }
    }
}
