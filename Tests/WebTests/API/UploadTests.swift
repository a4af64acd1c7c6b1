import Cryptography
import Files
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Uploads")
    struct UploadTests {
        @Test("a file of a form and a raw body are answered with what was received, and announced")
        func accepted() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let form = Form().field("note", "ignored").file("a.txt", type: "Text/Plain; charset=utf-8", "abc").file(
                    "b.bin", bytes: [0, 255])
                let posted = try await server.send(.post(form, token: account.token)).files()
                let put = try await server.send(.put("c.txt", token: account.token, "abc", ["Content-Type: text/csv"])).files()
                let all = posted + put
                #expect(all.map(\.name) == ["a.txt", "b.bin", "c.txt"])
                #expect(all.map(\.size) == [3, 2, 3])
                #expect(all.map(\.contentType) == ["text/plain", "application/octet-stream", "text/csv"])
                #expect(all.map(\.sha256).first == SHA256Hasher.digest(of: Array("abc".utf8)).description)
                #expect(all.allSatisfy { $0.state == "staged" && $0.error == nil })
                #expect(await eventually { server.announced.all.count == 3 })
                #expect(Set(server.announced.all.map(\.id.description)) == Set(all.compactMap(\.id)))
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
            }
        }

        @Test("bodies around the sizes of buffers arrive byte for byte", arguments: [1, 65_535, 65_536, 65_537, 524_288, 1_300_001])
        func sizes(count: Int) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                var content = [UInt8](repeating: 0, count: count)
                for index in content.indices { content[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
                let digest = SHA256Hasher.digest(of: content).description
                var call = HTTPCall("PUT", "/api/v1/files/a", token: account.token)
                call.body = content
                #expect(try await server.send(call).files()[0].sha256 == digest)
                let posted = try await server.send(.post(Form().file("a", bytes: content), token: account.token)).files()[0]
                #expect(posted.sha256 == digest)
                let bytes = try await server.send(HTTPCall("GET", "/api/v1/files/\(posted.id ?? "")/content", token: account.token)).body
                #expect(bytes == content)
            }
        }

        @Test("Redis away: accepted all the same")
        func queueAway() async throws {
            try await WebServer.run(.init(hasQueue: true)) { server in
                let account = try await server.account()
                let file = try await server.send(.put("a", token: account.token)).files()[0]
                #expect(try await server.send(HTTPCall("DELETE", "/api/v1/files/\(file.id ?? "")", token: account.token)).status == 204)
                #expect(await eventually { server.log.all.contains { $0.contains("reconcile will") } })
            }
        }

        @Test("a queue without room: what was accepted stays, and what is new is refused before its body is read")
        func queueFull() async throws {
            let redis = try await RedisServerProcess.start()
            try await WebServer.run(.init(hasQueue: true, redis: redis)) { server in
                let account = try await server.account()
                #expect(try await server.send(.put("a", token: account.token)).status == 202)
                #expect(try await eventually { try await redis.ask("DBSIZE").int ?? 0 > 0 })
                _ = try await redis.ask("CONFIG", "SET", "maxmemory", "1")
                #expect(try await server.send(.put("b", token: account.token)).status == 202)
                // That it finds no room is noted when it is announced, which no answer waits for.
                #expect(await eventually { server.log.all.contains { $0.contains("reconcile will") } })
                let refusal = try await server.send(.put("c", token: account.token))
                #expect(refusal.status == 503 && refusal["retry-after"] == "5")
                #expect(try refusal.decode(Problem.self).type.hasSuffix("queue-full"))
                #expect(try await server.send(.post(Form().file("d"), token: account.token)).status == 503)
                let list = try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).files()
                #expect(list.compactMap(\.name).sorted() == ["a", "b"])
                _ = try await redis.ask("CONFIG", "SET", "maxmemory", "0")
                #expect(try await eventually { try await server.send(.put("e", token: account.token)).status == 202 })
            }
        }

        @Test("H5 more parts than the limit are refused, and nothing of them stays", arguments: [10_000, 11])
        func tooManyParts(count: Int) async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILES_PER_REQUEST": "10"])) { server in
                let account = try await server.account()
                var form = Form()
                for index in 0..<count { form = form.file("f\(index)", bytes: []) }
                let answer = try await server.send(.post(form, token: account.token))
                #expect(answer.status == 413)
                let problem = try answer.decode(Problem.self)
                #expect(problem.type == "/problems/too-many-parts" && problem.code == "tooManyParts")
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H9 a large text field is not taken, and not held either")
        func largeField() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let form = Form().file("a").field("text", String(repeating: "a", count: 70_000))
                let answer = try await server.send(.post(form, token: account.token))
                #expect(answer.status == 413)
                #expect(try answer.decode(Problem.self).code == "fieldsTooLarge")
                try await server.expectNothingLeft(of: account)
                let peer = try await server.connect()
                try await peer.send(HTTPCall.post(Form(), token: account.token, ["Content-Length: 5000000000"]).head)
                try await peer.send("--\(Form.boundary)\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n")
                let (sent, isCut) = try await peer.flood([UInt8](repeating: 0x61, count: 1 << 16), atMost: 256 << 20)
                #expect(isCut && sent < 64 << 20)
                #expect(try await peer.receive().status == 413)
            }
        }

        @Test("H20 encoded bodies are not taken", arguments: ["gzip", "deflate", "br", "identity, gzip", "GZIP", "x"])
        func encoded(coding: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for call in [
                    HTTPCall.put("a", token: account.token, "x", ["Content-Encoding: \(coding)"]),
                    .post(Form().file("a"), token: account.token, ["Content-Encoding: \(coding)"]),
                ] {
                    #expect(try await server.send(call).status == 415)
                }
                #expect(try await server.send(.put("a", token: account.token, "x", ["Content-Encoding: identity"])).status == 202)
            }
        }

        @Test("H25 a form without a file is refused; an empty file is a file")
        func noFile() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for form in [Form(), Form().field("a", "b"), Form().file("", "")] {
                    let answer = try await server.send(.post(form, token: account.token))
                    #expect(answer.status == 400)
                    #expect(try answer.decode(Problem.self).type == "/problems/no-file")
                }
                #expect(try await server.rows(of: account) == 0)
                #expect(try await server.send(.post(Form().file("empty", ""), token: account.token)).files()[0].size == 0)
                #expect(try await server.send(.put("empty", token: account.token, "")).files()[0].size == 0)
            }
        }

        @Test("H26 one file too large: only that one is refused")
        func oneTooLarge() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "100000"], chunkSize: 16 << 10)) { server in
                let account = try await server.account()
                let form = Form().file("a").file("large", bytes: [UInt8](repeating: 1, count: 300_000))
                    .file("exact", bytes: [UInt8](repeating: 1, count: 100_000))
                let answer = try await server.send(.post(form, token: account.token))
                #expect(answer.status == 202)
                let files = try answer.files()
                #expect(files.map(\.name) == ["a", "large", "exact"])
                #expect(files.map { $0.error?.status } == [nil, 413, nil])
                #expect(files.map(\.id).map { $0 == nil } == [false, true, false])
                #expect(await eventually { server.stagedFiles.count == 2 })
            }
        }

        @Test("H26 when all files are refused the status is the first refusal's, with all of them in the body")
        func allRefused() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "10"])) { server in
                let account = try await server.account()
                let answer = try await server.send(.post(Form().file("a", "01234567890").file("..", "x"), token: account.token))
                #expect(answer.status == 413)
                let problem = try answer.decode(Problem.self)
                #expect(problem.files?.map { $0.error?.status } == [413, 400])
                #expect(problem.files?.map(\.name) == ["a", nil])
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H26 a file far too large: reading stops, which the answer says behind what came before, and the connection ends")
        func stopsReading() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "100000"])) { server in
                let account = try await server.account()
                let peer = try await server.connect()
                try await peer.send(HTTPCall.post(Form(), token: account.token, ["Content-Length: 5000000000"]).head)
                try await peer.send(Form().file("first").unended)
                try await peer.send("--\(Form.boundary)\r\nContent-Disposition: form-data; name=\"f\"; filename=\"huge\"\r\n\r\n")
                let (sent, isCut) = try await peer.flood([UInt8](repeating: 0x61, count: 1 << 20), atMost: 1 << 30)
                #expect(isCut && sent < 200 << 20, "\(sent)")
                let answer = try await peer.receive()
                #expect(answer.status == 202 && answer["connection"] == "close")
                #expect(try answer.files().map { $0.error?.status } == [nil, 413, 413])
                let last = try answer.files().last
                #expect(last?.error?.type == "/problems/parts-not-read" && last?.name == nil)
                #expect(OpenAPI.text.contains("/problems/parts-not-read"), "a client cannot know what is not described")
            }
        }

        @Test("H8 reading stops behind the last boundary: nothing is missing, and nothing is said to be")
        func stopsReadingEpilogue() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let peer = try await server.connect()
                try await peer.send(HTTPCall.post(Form(), token: account.token, ["Content-Length: 5000000000"]).head)
                try await peer.send(Form().file("first").bytes)
                let (_, isCut) = try await peer.flood([UInt8](repeating: 0x61, count: 1 << 20), atMost: 1 << 30)
                #expect(isCut)
                #expect(try await peer.receive().files().map(\.name) == ["first"])
            }
        }

        /// An archive whose only member is a link to a file of ours.
        private static let tarWithLink: [UInt8] = {
            var block = [UInt8](repeating: 0, count: 512)
            func write(_ text: String, at offset: Int) { block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
            write("a.png", at: 0)
            write("0000777\00000000\00000000\000000000000\000000000000\0        2/etc/passwd", at: 100)
            write("ustar\u{0}00", at: 257)
            let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
            write(String(repeating: "0", count: 6 - sum.utf8.count) + sum + "\0 ", at: 148)
            return block + [UInt8](repeating: 0, count: 1024)
        }()

        @Test(
            "H44 H46 an archive bomb or a pixel flood is data: taken and given back as it is, never unpacked or decoded, looked at or not",
            arguments: ["", "text/html"],
            [
                // A PNG of 65,535 × 65,535 pixels, and a gzip member whose trailer claims 4 GiB.
                [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF],
                [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
                tarWithLink,
            ])
        func bombs(denied: String, content: [UInt8]) async throws {
            try await WebServer.run(.init(settings: denied.isEmpty ? [:] : ["SLUICE_TYPES_DENY": denied])) { server in
                let account = try await server.account()
                let file = try await server.send(.post(Form().file("bomb.png", bytes: content), token: account.token)).files()[0]
                #expect(file.size == Int64(content.count) && file.sha256 == SHA256Hasher.digest(of: content).description)
                let answer = try await server.send(HTTPCall("GET", "/api/v1/files/\(file.id ?? "")/content", token: account.token))
                #expect(answer.body == content && answer["content-disposition"]?.hasPrefix("attachment") == true)
            }
        }

        @Test("H66 members and fields that nobody knows change nothing")
        func extraFields() async throws {
            try await WebServer.run { server in
                let (account, other) = (try await server.account(), try await server.account())
                let form = Form().field("owner", "\(other.id)").field("owner_id", "1").field("is_admin", "true").field("quota", "9e9")
                    .field("state", "stored").field("key", "../../etc/passwd").file("a")
                let file = try await server.send(.post(form, token: account.token)).files()[0]
                #expect(file.state == "staged")
                let json = "{\"ids\":[\"\(file.id ?? "")\"],\"owner\":\"\(other.id)\",\"is_admin\":true,\"force\":true}"
                #expect(try await server.rows(of: other) == 0)
                let stolen = try await server.send(.deleteMany(json, token: other.token)).files()
                #expect(stolen[0].error?.status == 404)
                let record = try await FileCatalog(pool: server.pool).find(owner: account.id, id: FileID(file.id ?? "")!)
                #expect(record?.key.contains("etc") == false && record?.owner == account.id)
                let foreign = try await server.send(.put("theirs", token: other.token)).files()[0].id ?? ""
                let mixed = "{\"ids\":[\"\(file.id ?? "")\",\"\(foreign)\"],\"owner\":\"\(other.id)\",\"is_admin\":true,\"force\":true}"
                let deleted = try await server.send(.deleteMany(mixed, token: account.token)).files()
                #expect(deleted.map(\.state) == ["deleting", nil] && deleted.map { $0.error?.status } == [nil, 404])
                #expect(try await server.rows(of: other) == 1)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files/\(foreign)", token: other.token)).status == 200)
            }
        }

        @Test(
            "a body of another type, or none, is no form",
            arguments: ["text/plain", "multipart/mixed; boundary=a", "application/x-www-form-urlencoded", nil])
        func otherType(type: String?) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = type.map { ["Content-Type: \($0)"] } ?? []
                let answer = try await server.send(HTTPCall("POST", "/api/v1/files", token: account.token, fields, body: [1, 2, 3]))
                #expect(answer.status == 415)
            }
        }

        @Test("H2 a boundary that is too long is refused before the body, without 100", arguments: [71, 200, 3000, 10 << 20])
        func longBoundary(length: Int) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let type = "multipart/form-data; boundary=" + String(repeating: "a", count: length)
                let call = HTTPCall(
                    "POST", "/api/v1/files", token: account.token,
                    ["Content-Type: \(type)", "Content-Length: 5000000000", "Expect: 100-continue"])
                let peer = try await server.connect()
                guard length < 1 << 20 else {
                    // The head itself is beyond its limit, and the connection may end before all of it is sent.
                    try? await peer.send(call.head)
                    let answer = try? await peer.receive()
                    #expect(answer == nil || answer?.status == 431)
                    return
                }
                try await peer.send(call.head)
                let answer = try await peer.receive()
                #expect(answer.status == 400)
                answer.check(against: call, sourceLocation: #_sourceLocation)
                #expect(try await peer.receiveEnd() == .closed)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test(
            "H1 H3 a content type without one good boundary",
            arguments: [
                "multipart/form-data", "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"\"",
                "multipart/form-data; boundary=" + String(repeating: "a", count: 71), "multipart/form-data; boundary=a; ;;=",
            ])
        func boundaries(type: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(
                    HTTPCall("POST", "/api/v1/files", token: account.token, ["Content-Type: \(type)"], body: Form().file("a").bytes))
                #expect(answer.status == 400)
                try await server.expectNothingLeft(of: account)
            }
        }
    }
}
