import Cryptography
import Files
import Foundation
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    /// The extension concatenation of tus 1.0.0.
    @Suite("tus: concatenation")
    struct TusConcatenationTests {
        private func join(
            _ paths: [String], _ account: WebServer.Account, _ fields: [String] = [], at server: WebServer
        ) async throws -> Answer {
            try await server.send(
                .tus("POST", token: account.token, ["Upload-Concat: final;" + paths.joined(separator: " ")] + fields))
        }

        /// Waits until parts have become a file.
        private func joined(_ path: String, _ account: WebServer.Account, at server: WebServer) async throws -> Answer {
            var head = try await server.head(path, account)
            _ = try await eventually {
                if head["upload-offset"] == nil { head = try await server.head(path, account) }
                return head["upload-offset"] != nil
            }
            return head
        }

        @Test("parts become one file in the order of the list, and HEAD tells of both what they are")
        func order() async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let contents = [pattern(300_000, seed: 1), [], pattern(5, seed: 2), pattern(1_000_001, seed: 3)]
                var paths: [String] = []
                for content in contents { paths.append(try await server.part(account, content)) }
                for (path, content) in zip(paths, contents) {
                    let head = try await server.head(path, account)
                    #expect(head["upload-concat"] == "partial" && head["upload-offset"] == "\(content.count)")
                    #expect(head["upload-length"] == "\(content.count)")
                    #expect(head["upload-expires"] != nil, "until it is joined")
                }
                #expect(try await server.rows(of: account) == 0, "a part is no file")
                let order = [3, 1, 0, 2]
                let list = order.map { paths[$0] }
                let answer = try await self.join(list, account, ["Upload-Metadata: filename am9pbmVk"], at: server)
                #expect(answer.status == 201, "\(answer.text)")
                let path = try #require(answer["location"])
                let head = try await self.joined(path, account, at: server)
                #expect(try await server.head(list[0], account)["upload-expires"] == nil)
                let content = order.flatMap { contents[$0] }
                #expect(head["upload-offset"] == "\(content.count)" && head["upload-length"] == "\(content.count)")
                #expect(head["upload-concat"] == "final;" + list.joined(separator: " "))
                #expect(head["upload-metadata"] == "filename am9pbmVk")
                #expect(try await server.content(of: head["sluice-file"], account) == content)
                let files = try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).files()
                #expect(files.map(\.name) == ["joined"])
                #expect(await eventually { server.partialFiles.isEmpty })
            }
        }

        @Test("HEAD gives the list back as it was sent, absolute or relative; one that no answer could hold is 400")
        func asSent() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let parts = [try await server.part(account, [1]), try await server.part(account, [2])]
                let list = ["http://elsewhere.example:8080" + parts[0], parts[1]]
                let path = try #require(try await self.join(list, account, at: server)["location"])
                #expect(try await self.joined(path, account, at: server)["upload-concat"] == "final;" + list.joined(separator: " "))
                let long = "https://" + String(repeating: "a", count: 11 << 10) + parts[0]
                let refusal = try await self.join([long], account, at: server)
                #expect(refusal.status == 400)
                #expect(try refusal.decode(Problem.self).code == "Upload-Concat")
            }
        }

        @Test("metadata of the parts is not the whole's")
        func metadata() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let part = try await server.begin(account, length: 1, ["Upload-Concat: partial", "Upload-Metadata: filename YQ=="])
                let patched = try await server.send(.patch(part, at: 0, [1], token: account.token))
                #expect(patched.status == 204 && patched["upload-expires"] != nil)
                #expect(try await server.head(part, account)["upload-metadata"] == "filename YQ==")
                let path = try #require(try await self.join([part], account, at: server)["location"])
                #expect(try await self.joined(path, account, at: server)["upload-metadata"] == nil)
            }
        }

        @Test("PATCH of the whole, and of a part of it, is 403, and changes nothing")
        func patch() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let part = try await server.part(account, pattern(4))
                let path = try #require(try await self.join([part], account, at: server)["location"])
                let head = try await self.joined(path, account, at: server)
                for offset in [0, 4] as [Int64] {
                    for target in [path, part] {
                        #expect(try await server.send(.patch(target, at: offset, [1], token: account.token)).status == 403)
                    }
                }
                #expect(try await server.send(.tus("DELETE", part, token: account.token)).status == 403)
                #expect(try await server.content(of: head["sluice-file"], account) == pattern(4))
            }
        }

        @Test("a length with the list is 400, and so are bytes")
        func length() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let part = try await server.part(account, [1])
                for fields in [["Upload-Length: 1"], ["Upload-Defer-Length: 1"]] {
                    #expect(try await self.join([part], account, fields, at: server).status == 400)
                }
                let bytes = HTTPCall.create(with: [1], token: account.token, ["Upload-Concat: final;\(part)"])
                #expect(try await server.send(bytes).status == 400)
                #expect(try await self.join([part], account, at: server).status == 201)
            }
        }

        @Test("parts that are not finished are 409; the list may be sent again then")
        func unfinished() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let (whole, half) = (
                    try await server.part(account, [1]), try await server.begin(account, length: 2, ["Upload-Concat: partial"])
                )
                let refusal = try await self.join([whole, half], account, at: server)
                #expect(refusal.status == 409)
                #expect(try refusal.decode(Problem.self).type == "/problems/parts-unfinished")
                #expect(try await server.send(.patch(half, at: 0, [2, 3], token: account.token)).status == 204)
                let path = try #require(try await self.join([whole, half], account, at: server)["location"])
                let head = try await self.joined(path, account, at: server)
                #expect(try await server.content(of: head["sluice-file"], account) == [1, 2, 3])
            }
        }

        @Test("parts that the staging disk has no room to put together are 507, and are joined once there is room")
        func stagingFull() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let parts = [try await server.part(account, pattern(3)), try await server.part(account, pattern(4))]
                // Said to be larger than any disk.
                let (last, size) = (try #require(UploadID(String(parts[1].suffix(36)))), Int64(1) << 60)
                try await server.pool.execute("UPDATE uploads SET length = \(size), byte_offset = \(size) WHERE id = \(last)")
                let answer = try await join(parts, account, at: server)
                #expect(answer.status == 507 && answer["retry-after"] != nil)
                #expect(try await server.uploads(of: account) == 2)
                try await server.pool.execute("UPDATE uploads SET length = 4, byte_offset = 4 WHERE id = \(last)")
                let whole = try await join(parts, account, at: server)
                #expect(whole.status == 201)
                #expect(try await server.content(of: whole["sluice-file"], account) == pattern(3) + pattern(4))
            }
        }

        @Test("the same list after a lost answer is answered with what it has made; a part for two wholes is refused")
        func again() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let (first, second) = (try await server.part(account, [1]), try await server.part(account, [2]))
                let path = try #require(try await self.join([first, second], account, at: server)["location"])
                let again = try await self.join([first, second], account, at: server)
                #expect(again.status == 201 && again["location"] == path)
                for list in [[second, first], [first]] { #expect(try await self.join(list, account, at: server).status == 404) }
                _ = try await self.joined(path, account, at: server)
                #expect(try await server.rows(of: account) == 1)
            }
        }

        private static func digest(_ content: [UInt8]) -> String {
            "sha-256=:\(Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()):"
        }

        @Test("parts that are not the file whose Repr-Digest was announced make none; those that are do, and the answer has it")
        func digest() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let contents = [pattern(70_000, seed: 1), pattern(3, seed: 2)]
                var lists: [[String]] = []
                for _ in 0..<2 {
                    lists.append([try await server.part(account, contents[0]), try await server.part(account, contents[1])])
                }
                let (right, wrong) = (Self.digest(contents[0] + contents[1]), Self.digest(contents[1] + contents[0]))
                let refusal = try await self.join(lists[0], account, ["Repr-Digest: \(wrong)"], at: server)
                #expect(refusal.status == 400)
                #expect(try refusal.decode(Problem.self).type == "/problems/digest-mismatch")
                #expect(refusal["sluice-file"] == nil && refusal["location"] == nil)
                #expect(try await self.join(lists[0], account, ["Repr-Digest: \(wrong)"], at: server).status == 422)
                #expect(try await server.rows(of: account) == 0)
                let answer = try await self.join(lists[1], account, ["Repr-Digest: \(right)"], at: server)
                #expect(answer.status == 201 && answer["repr-digest"] == right)
                #expect(try await server.content(of: answer["sluice-file"], account) == contents[0] + contents[1])
                for fields in [["Repr-Digest: \(right)"], []] {
                    let again = try await self.join(lists[1], account, fields, at: server)
                    #expect(again.status == 201 && again["sluice-file"] == answer["sluice-file"] && again["repr-digest"] == right)
                }
                // What was joined under one digest is nothing that was announced with another.
                #expect(try await self.join(lists[1], account, ["Repr-Digest: \(wrong)"], at: server).status == 404)
                #expect(await eventually { server.partialFiles.isEmpty })
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("a digest of the file with a part is refused, as are those of no bytes that are another's; nothing is begun or used up")
        func digestOfPart() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let part = try await server.part(account, [1, 2])
                let fields = ["Upload-Concat: partial", "Repr-Digest: \(Self.digest([1, 2]))"]
                for call in [
                    HTTPCall.tus("POST", token: account.token, ["Upload-Length: 2"] + fields),
                    .create(with: [1, 2], token: account.token, ["Upload-Length: 2"] + fields),
                ] {
                    let answer = try await server.send(call)
                    #expect(answer.status == 400 && answer["want-content-digest"] != nil && answer["want-repr-digest"] == nil)
                    let problem = try answer.decode(Problem.self)
                    #expect(problem.type == "/problems/digest-unsupported" && problem.detail?.contains("creation of the whole") == true)
                }
                #expect(try await server.uploads(of: account) == 1)
                #expect(try await self.join([part], account, ["Content-Digest: \(Self.digest([1, 2]))"], at: server).status == 400)
                #expect(try await self.join([part], account, ["Upload-Checksum: crc32c yyBd3Q=="], at: server).status == 460)
                #expect(try await self.join([part], account, ["Content-Digest: \(Self.digest([]))"], at: server).status == 201)
            }
        }

        @Test("H51 what is another user's, no part, or not there cannot be told apart, and nothing is made of it")
        func foreign() async throws {
            try await WebServer.run { server in
                let (account, other) = (try await server.account(), try await server.account())
                let (own, foreign) = (try await server.part(account, [1]), try await server.part(other, [2]))
                let whole = try await server.begin(account, length: 1)
                let none = HTTPCall.uploads + "/" + UUIDv7().description
                var bodies: Set<String> = []
                for path in [foreign, whole, none] {
                    let answer = try await self.join([own, path], account, at: server)
                    #expect(answer.status == 404)
                    bodies.insert(answer.text)
                }
                #expect(bodies.count == 1)
                #expect(try await self.join([own], account, at: server).status == 201)
                #expect(try await self.join([foreign], other, at: server).status == 201)
            }
        }

        @Test("DELETE of a part that was not used frees it")
        func deletePart() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let part = try await server.part(account, [1, 2])
                #expect(try await server.send(.tus("DELETE", part, token: account.token)).status == 204)
                #expect(try await server.head(part, account).status == 404)
                #expect(try await self.join([part], account, at: server).status == 404)
                #expect(await eventually { server.partialFiles.isEmpty })
            }
        }

        @Test("what tus-js-client does with parallelUploads: parts side by side, then the list without a length")
        func parallel() async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let content = pattern(4_000_000)
                let paths = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                    for index in 0..<4 {
                        group.addTask {
                            (index, try await server.part(account, Array(content[index * 1_000_000..<(index + 1) * 1_000_000])))
                        }
                    }
                    return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
                }
                let list = (0..<4).compactMap { paths[$0].map { "https://sluice.test" + $0 } }
                let answer = try await self.join(list, account, ["Upload-Metadata: filename YS5iaW4="], at: server)
                #expect(answer.status == 201)
                let head = try await self.joined(answer["location"] ?? "", account, at: server)
                #expect(try await server.content(of: head["sluice-file"], account) == content)
            }
        }
    }
}
