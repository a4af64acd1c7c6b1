import Accounts
import Files
import Foundation
import NIOCore
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    /// Hostile inputs to uploads that come in several requests.
    @Suite("tus: hostile inputs", .timeLimit(.minutes(5 * Patience.factor)))
    struct TusHostileTests {
        @Test(
            "H49 lengths and offsets that are none are 400, and nothing is begun",
            arguments: ["-1", "+1", "1e3", "9223372036854775808", "", " ", "text", "0x1", "1 1", "1,1", "1;q=1"])
        func counts(text: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(.tus("POST", token: account.token, ["Upload-Length: \(text)"]))
                #expect(answer.status == 400)
                let problem = try answer.decode(Problem.self)
                #expect(problem.type == "/problems/bad-upload-field" && problem.code == "Upload-Length")
                #expect(try await server.send(.tus("POST", token: account.token, ["Upload-Defer-Length: \(text)"])).status == 400)
                #expect(try await server.uploads(of: account) == 0)
                let path = try await server.begin(account, length: 2)
                let type = "Content-Type: application/offset+octet-stream"
                for fields in [
                    ["Upload-Offset: \(text)"], ["Upload-Offset: 0", "Upload-Offset: 0"], [],
                    ["Upload-Offset: 0", "Upload-Length: \(text)"],
                ] {
                    let call = HTTPCall.tus("PATCH", path, token: account.token, [type] + fields, body: [1])
                    #expect(try await server.send(call).status == 400, "\(fields)")
                }
                #expect(try await server.offset(of: path, account) == 0)
            }
        }

        @Test("H49 two lengths, and none, are 400")
        func lengths() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for fields in [["Upload-Length: 1", "Upload-Length: 1"], ["Upload-Length: 1", "Upload-Defer-Length: 1"], []] {
                    #expect(try await server.send(.tus("POST", token: account.token, fields)).status == 400)
                }
            }
        }

        @Test("H49 more than was said: announced it is 413 before the body; sent all the same, the upload is dead and nothing is kept")
        func tooMuch() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 10)
                let announced = try await server.send(.patch(path, at: 0, pattern(11), token: account.token))
                #expect(announced.status == 413)
                #expect(try await server.offset(of: path, account) == 0)
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                var call = HTTPCall.patch(path, at: 4, [], token: account.token, ["Transfer-Encoding: chunked"])
                call.body = Array("7\r\n1234567\r\n0\r\n\r\n".utf8)
                #expect(try await server.send(call).status == 413)
                #expect(try await server.head(path, account).status == 422)
                let after = try await server.send(.patch(path, at: 4, [1], token: account.token))
                #expect(after.status == 422)
                let problem = try after.decode(Problem.self)
                #expect(problem.type == "/problems/upload-dead" && problem.code == "file-too-large")
                #expect(await eventually { server.partialFiles.isEmpty })
                #expect(try await server.rows(of: account) == 0)
                #expect(try await server.send(.create(with: pattern(11), token: account.token, ["Upload-Length: 10"])).status == 413)
                var creation = HTTPCall.create(with: [], token: account.token, ["Upload-Length: 3", "Transfer-Encoding: chunked"])
                creation.body = Array("4\r\n1234\r\n0\r\n\r\n".utf8)
                #expect(try await server.send(creation).status == 413)
            }
        }

        @Test("H12 H49 bytes without end for an upload of unknown length are cut at the largest file, and nothing of them is kept")
        func endless() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "100000"], chunkSize: 32 << 10)) { server in
                let account = try await server.account()
                let path = try await server.begin(account, ["Upload-Defer-Length: 1"])
                let call = HTTPCall.patch(path, at: 0, [], token: account.token, ["Transfer-Encoding: chunked"])
                let (sent, answer) = try await server.connect().sendEndless(call)
                #expect(sent < 64 << 20)
                #expect(answer.status == 413 && answer["connection"] == "close")
                #expect(try await server.head(path, account).status == 422)
                #expect(await eventually { server.partialFiles.isEmpty })
                #expect(try await server.rows(of: account) == 0)
            }
        }

        @Test("H66 metadata gives neither owner nor state nor key")
        func extraMetadata() async throws {
            try await WebServer.run { server in
                let (account, other) = (try await server.account(), try await server.account())
                let pairs = [
                    ("owner", "\(other.id)"), ("owner_id", "\(other.id)"), ("is_admin", "1"), ("quota", "9e9"), ("state", "stored"),
                    ("key", "../../etc/passwd"), ("id", UUIDv7().description), ("filename", "a"),
                ]
                let metadata = pairs.map { "\($0) \(Data($1.utf8).base64EncodedString())" }.joined(separator: ",")
                let fields = ["Upload-Length: 4", "Upload-Metadata: \(metadata)"]
                let whole = try await server.send(.create(with: pattern(4), token: account.token, fields))
                let path = try await server.begin(account, fields)
                let later = try await server.send(.patch(path, at: 0, pattern(4), token: account.token))
                for answer in [whole, later] {
                    let id = try #require(answer["sluice-file"].flatMap { FileID($0) })
                    let record = try #require(try await FileCatalog(pool: server.pool).find(owner: account.id, id: id))
                    #expect(record.owner == account.id && record.state == .staged && record.name == "a")
                    #expect(record.key.hasPrefix("\(account.id)/") && !record.key.contains("etc"))
                }
                #expect(try await server.rows(of: account) == 2)
                #expect(try await server.rows(of: other) == 0)
            }
        }

        @Test("H50 what is no id is 404, and names no file")
        func ids() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 4)
                #expect(try await server.send(.patch(path, at: 0, pattern(2), token: account.token)).status == 204)
                let id = String(path.suffix(36))
                let kept = try #require(server.partialFiles.first)
                let names = [
                    "..", "../\(id)", "..%2f\(id)", "%2e%2e%2f\(id)", "\(id)++", "\(id)%00", "\(id).info", "\(id)%20", "%20\(id)",
                    id.uppercased(),
                    "\(id)0", String(id.dropLast()), "\(id)/", "\(id)%2f..", "{\(id)}", "urn:uuid:\(id)", "a", "%ff", "..;/\(id)",
                    String(repeating: "a", count: 4000),
                ]
                for name in names {
                    for method in ["HEAD", "PATCH", "DELETE"] {
                        let fields = method == "PATCH" ? ["Content-Type: application/offset+octet-stream", "Upload-Offset: 2"] : []
                        let target = "\(HTTPCall.uploads)/\(name)"
                        let peer = try await server.connect()
                        try await peer.send(HTTPCall.tus(method, target, token: account.token, fields).bytes)
                        let status = try await peer.receive(isHead: method == "HEAD").status
                        await peer.close()
                        // A slash behind the id is none of it: to the router the paths are the same.
                        #expect(status == 404 || name.hasSuffix("/") && method != "DELETE", "\(method) \(name) \(status)")
                        if name.hasSuffix("/") { break }
                    }
                }
                #expect(server.partialFiles.contains(kept))
                #expect(try await server.offset(of: path, account) == 2)
            }
        }

        @Test("H51 another user's upload is 404 for every method, takes the same time, and its owner goes on")
        func foreign() async throws {
            try await WebServer.run { server in
                let (account, other) = (try await server.account(), try await server.account())
                let path = try await server.begin(account, length: 4)
                let none = HTTPCall.uploads + "/" + UUIDv7().description
                var times: [String: [Duration]] = [:]
                let peer = try await server.connect()
                let end = ContinuousClock.now + Duration.seconds(60).stretched
                var (medians, isSame): ([Duration], Bool) = ([], false)
                // What a busy machine adds to the one or the other evens out; what the server does remains.
                for round in 0..<10 where !isSame && (round == 0 || ContinuousClock.now < end) {
                    for count in 0..<200 where count < 20 || ContinuousClock.now < end {
                        for target in [path, none] {
                            let call = HTTPCall.tus("HEAD", target, token: other.token)
                            let start = ContinuousClock.now
                            try #require(try await peer.call(call).status == 404)
                            times[target, default: []].append(.now - start)
                        }
                    }
                    medians = [path, none].compactMap { times[$0].map { $0.sorted()[$0.count / 2] } }
                    // Five in a hundred, and a little.
                    isSame = medians[0] < medians[1] * 1.05 + .microseconds(100) && medians[1] < medians[0] * 1.05 + .microseconds(100)
                }
                #expect(isSame, "\(medians)")
                var bodies: Set<String> = []
                for target in [path, none] {
                    for call in [HTTPCall.patch(target, at: 0, [1], token: other.token), .tus("DELETE", target, token: other.token)] {
                        let answer = try await server.send(call)
                        #expect(answer.status == 404)
                        bodies.insert(answer.text)
                    }
                }
                #expect(bodies.count == 1)
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
            }
        }

        @Test("H52 H90 whoever may not send any more when the last byte comes has made no file", arguments: [false, true])
        func ended(isDisabled: Bool) async throws {
            try await WebServer.withRedis { server, _ in
                let account = try await server.account()
                let path = try await server.begin(account, length: 10)
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                let last = HTTPCall.patch(path, at: 4, [], token: account.token, ["Content-Length: 6", "Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(last.head)
                #expect(try await peer.receive().status == 100)
                try await peer.send(pattern(3))
                if isDisabled {
                    #expect(try await server.administration.disable(account.id) != nil)
                } else {
                    let store = TokenStore(pool: server.pool)
                    for token in try await store.list(user: account.id) { _ = try await store.revoke(token.id, user: account.id) }
                }
                try await Task.sleep(for: .milliseconds(50))
                try await peer.send(pattern(3))
                #expect(try await peer.receive(last).status == 401)
                #expect(try await server.send(.patch(path, at: 4, pattern(6), token: account.token)).status == 401)
                try await Task.sleep(for: .seconds(2))
                #expect(try await server.rows(of: account) == 0)
            }
        }

        @Test(
            "H53 metadata that is none is 400, and nothing is begun",
            arguments: [
                "a YQ==,a Yg==", "a YQ", "a Y Q==", "a YQ==,", ",", "é YQ==", "a %41", "a YQ==\u{1}", "a\tYQ==",
                "a " + String(repeating: "YWFh", count: 1100),
            ])
        func metadata(text: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(.tus("POST", token: account.token, ["Upload-Length: 1", "Upload-Metadata: \(text)"]))
                #expect(answer.status == 400 && !answer.fields.contains { $0.value.contains("YQ") } && !answer.text.contains("YQ"))
                #expect(try await server.uploads(of: account) == 0)
            }
        }

        @Test("H53 a type that is none is told from other metadata", arguments: ["text", "a/b;c", "text/pl\u{E4}in", "\u{0}"])
        func metadataType(type: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let field = "Upload-Metadata: filetype \(Data(type.utf8).base64EncodedString())"
                let answer = try await server.send(.tus("POST", token: account.token, ["Upload-Length: 1", field]))
                #expect(answer.status == 400)
                let problem = try answer.decode(Problem.self)
                #expect(problem.type == "/problems/bad-upload-field" && problem.code == "Upload-Metadata")
                #expect(problem.detail?.contains("filetype") == true)
                #expect(try await server.uploads(of: account) == 0)
            }
        }

        @Test("H53 line breaks in metadata, and a megabyte of it")
        func metadataHead() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for text in ["a YQ==\r\n b Yg==", "a YQ==\rX-Evil: 1", "a YQ==\u{0}", "a " + String(repeating: "YWFh", count: 1 << 18)] {
                    let peer = try await server.connect()
                    // The server may end the connection while this is being sent.
                    try? await peer.send(
                        HTTPCall.tus("POST", token: account.token, ["Upload-Length: 1", "Upload-Metadata: \(text)"]).bytes)
                    let answer = try? await peer.receive()
                    await peer.close()
                    #expect(answer == nil || [400, 431].contains(answer?.status), "\(answer?.status ?? 0)")
                }
                #expect(try await server.uploads(of: account) == 0)
                // Bytes that would be a field of their own were they sent back decoded.
                let value = Data("a\r\nX-Evil: 1".utf8).base64EncodedString()
                let path = try await server.begin(account, length: 1, ["Upload-Metadata: note \(value)"])
                let head = try await server.head(path, account)
                #expect(head["upload-metadata"] == "note \(value)" && head["x-evil"] == nil)
            }
        }

        @Test("H55 a browser may not say another method than it sends, with its session's token too; of another site it may say nothing")
        func override() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let path = try #require(
                    try await browser.call("POST", HTTPCall.uploads, ["Tus-Resumable: 1.0.0", "Upload-Length: 3"])["location"])
                for method in ["PATCH", "DELETE", "HEAD", "GET"] {
                    let fields = ["Tus-Resumable: 1.0.0", "X-HTTP-Method-Override: \(method)"]
                    let answer = try await browser.call("POST", path, fields)
                    #expect(answer.status == 403)
                    #expect(try answer.decode(Problem.self).type == "/problems/method-override")
                    let forged = browser.fields(fields + ["Origin: https://evil.test", "Sec-Fetch-Site: cross-site"])
                    #expect(try await browser.send(HTTPCall("POST", path, forged)).status == 403)
                }
                // The methods themselves are open to its own pages.
                let type = "Content-Type: application/offset+octet-stream"
                let end = try await browser.call("PATCH", path, ["Tus-Resumable: 1.0.0", "Upload-Offset: 0", type], body: pattern(3))
                #expect(end.status == 204 && end["sluice-file"] != nil)
                #expect(try await browser.call("DELETE", path, ["Tus-Resumable: 1.0.0"]).status == 204)
            }
        }

        @Test("H55 the scope is that of the method that is meant")
        func overrideScope() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                func token(_ scopes: Set<TokenScope>) async throws -> String {
                    let token = try await TokenStore(pool: server.pool).add(user: account.id, name: "test", scopes: scopes).reveal()
                    Recorder<String>.secrets.record(token)
                    return token
                }
                let (write, delete) = (try await token([.write]), try await token([.delete]))
                let asDelete = ["X-HTTP-Method-Override: DELETE"]
                #expect(try await server.send(.tus("POST", path, token: write, asDelete)).status == 403)
                #expect(try await server.send(.tus("POST", path, token: delete, ["X-HTTP-Method-Override: HEAD"])).status == 403)
                #expect(try await server.send(.tus("HEAD", path, token: write)).status == 200)
                #expect(try await server.send(.tus("POST", path, token: delete, asDelete)).status == 204)
            }
        }

        @Test("H56 a user has so many open uploads and no more; whoever ends one may begin another")
        func openUploads() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_OPEN_UPLOADS": "20"])) { server in
                let (account, other) = (try await server.account(), try await server.account())
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<40 {
                        group.addTask { try await server.send(.tus("POST", token: account.token, ["Upload-Length: 3"])).status }
                    }
                    return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [201: 20, 429: 20])
                #expect(try await server.uploads(of: account) == 20)
                let refusal = try await server.send(.tus("POST", token: account.token, ["Upload-Length: 3"]))
                #expect(refusal.status == 429 && refusal["retry-after"] != nil)
                #expect(try refusal.decode(Problem.self).type == "/problems/too-many-open-uploads")
                #expect(try await server.begin(other, length: 3) != "")
                // What comes whole is never open.
                #expect(try await server.send(.create(with: [1], token: account.token, ["Upload-Length: 1"])).status == 201)
                let rows = try await server.pool.query("SELECT id FROM uploads WHERE owner_id = \(account.id) AND state = 'open' LIMIT 1")
                let id: UploadID = try #require(try rows.first?.decode("id"))
                #expect(try await server.send(.tus("DELETE", "\(HTTPCall.uploads)/\(id)", token: account.token)).status == 204)
                #expect(try await server.begin(account, length: 3) != "")
            }
        }

        @Test("H20 encoded bytes are not taken")
        func encoded() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 3)
                #expect(
                    try await server.send(.patch(path, at: 0, pattern(3), token: account.token, ["Content-Encoding: gzip"])).status == 415)
                #expect(try await server.offset(of: path, account) == 0)
            }
        }

        @Test("H22 bytes that come too slowly are answered with 408 and end the connection; what came stays")
        func slow() async throws {
            let options = WebServer.Options(
                settings: ["SLUICE_MINIMUM_RATE": "1000"], slowBodyWindow: .milliseconds(300 * Int64(Patience.factor)), chunkSize: 64 << 10)
            try await WebServer.run(options) { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 1_000_000)
                let peer = try await server.connect()
                let call = HTTPCall.patch(path, at: 0, [], token: account.token, ["Content-Length: 1000000"])
                try await peer.send(call.bytes + pattern(100))
                #expect(try await peer.receive(call).status == 408)
                _ = try await peer.receiveEnd()
                #expect(try await eventually { try await server.offset(of: path, account) == 100 })
                #expect(try await server.rows(of: account) == 0)
            }
        }

        @Test("H23 uploads of several requests count among those that a user has under way")
        func parallel() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_UPLOADS_PER_USER": "1"])) { server in
                let account = try await server.account()
                let paths = [try await server.begin(account, length: 10), try await server.begin(account, length: 10)]
                let peer = try await server.connect()
                try await peer.send(HTTPCall.patch(paths[0], at: 0, [], token: account.token, ["Content-Length: 10"]).bytes + pattern(5))
                // Else the other may have the place first.
                #expect(try await eventually { try await server.epoch(of: paths[0]) ?? 0 > 0 })
                #expect(try await server.send(.patch(paths[1], at: 0, [1], token: account.token)).status == 429)
                try await peer.send(pattern(5))
                #expect(try await peer.receive().status == 204)
            }
        }

        @Test("H24 no room on the staging disk: 507 before any byte, and what is there stays, parts as well")
        func stagingFull() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 10)
                let parts = [try await server.part(account, pattern(3)), try await server.part(account, pattern(4))]
                let join = HTTPCall.tus("POST", token: account.token, ["Upload-Concat: final;\(parts[0]) \(parts[1])"])
                #expect(try await server.send(.patch(path, at: 0, pattern(4), token: account.token)).status == 204)
                try await server.withSecond(WebServer.Options(settings: ["SLUICE_STAGING_RESERVE": "900TiB"])) { full in
                    let fields = ["Expect: 100-continue", "Content-Length: 6"]
                    for call in [
                        HTTPCall.patch(path, at: 4, [], token: account.token, fields),
                        .tus("POST", token: account.token, ["Upload-Length: 6"]),
                        .create(with: [], token: account.token, fields + ["Upload-Length: 6"]),
                        .create(with: [], token: account.token, fields + ["Upload-Length: 60"]), join,
                    ] {
                        let peer = try await full.connect()
                        try await peer.send(call.head)
                        let answer = try await peer.receive()
                        #expect(answer.status == 507 && answer["retry-after"] != nil, "\(call.fields)")
                    }
                    #expect(try await full.offset(of: path, account) == 4)
                }
                #expect(try await server.uploads(of: account) == 3)
                #expect(try await server.content(of: try await server.send(join)["sluice-file"], account) == pattern(3) + pattern(4))
                let end = try await server.send(.patch(path, at: 4, Array(pattern(10).suffix(6)), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == pattern(10))
            }
        }

        @Test("H92 bytes of a browser need its session's token, and come from our own pages")
        func forged() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let path = try #require(
                    try await browser.call("POST", HTTPCall.uploads, ["Tus-Resumable: 1.0.0", "Upload-Length: 3"])["location"])
                let fields = ["Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"]
                for more in [[], ["X-CSRF-Token: x"], ["X-CSRF-Token: \(browser.csrf)", "Origin: https://evil.test"]] {
                    let call = HTTPCall("PATCH", path, browser.fields(fields + more), body: pattern(3))
                    #expect(try await browser.send(call).status == 403, "\(more)")
                }
                #expect(try await browser.call("HEAD", path, ["Tus-Resumable: 1.0.0"])["upload-offset"] == "0")
            }
        }
    }
}
