import Cryptography
import Foundation
import TestSupport
import Testing

extension OverSockets {
    /// The extension checksum of tus 1.0.0.
    @Suite("tus: checksum")
    struct TusChecksumTests {
        private static let content = Array("hello world".utf8)
        static let right = [
            "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", "crc32c yZRlqg==",
        ]

        @Test("bytes with their checksum are taken", arguments: TusChecksumTests.right)
        func taken(checksum: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 11)
                let answer = try await server.send(
                    .patch(path, at: 0, Self.content, token: account.token, ["Upload-Checksum: \(checksum)"]))
                #expect(answer.status == 204 && answer["upload-offset"] == "11", "\(answer.status) \(answer.text)")
                #expect(try await server.content(of: answer["sluice-file"], account) == Self.content)
            }
        }

        @Test(
            "H54 bytes with another checksum are 460 and dropped, however many; the offset stays, and the right ones make the file",
            arguments: TusChecksumTests.right)
        func wrong(checksum: String) async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let rest = pattern(20_000_000)
                let content = Self.content + rest
                let path = try await server.begin(account, length: content.count)
                for bytes in [Array("hello World".utf8), [], rest] {
                    let call = HTTPCall.patch(path, at: 0, bytes, token: account.token, ["Upload-Checksum: \(checksum)"])
                    let answer = try await server.send(call)
                    #expect(answer.status == 460, "\(answer.status)")
                    #expect(try answer.decode(Problem.self).type == "/problems/checksum-mismatch")
                    #expect(try await server.storedOffset(of: path) == 0)
                    #expect(try await server.offset(of: path, account) == 0)
                }
                let first = try await server.send(.patch(path, at: 0, Self.content, token: account.token, ["Upload-Checksum: \(checksum)"]))
                #expect(first.status == 204 && first["upload-offset"] == "11")
                let end = try await server.send(.patch(path, at: 11, rest, token: account.token))
                let digest = Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()
                #expect(end.status == 204 && end["repr-digest"] == "sha-256=:\(digest):")
            }
        }

        @Test("H54 with a checksum no byte is kept that was not compared: not those before a cut either")
        func cut() async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 20_000_000)
                let call = HTTPCall.patch(
                    path, at: 0, [], token: account.token, ["Content-Length: 20000000", "Upload-Checksum: \(Self.right[0])"])
                let peer = try await server.connect()
                try await peer.send(call.bytes + pattern(12_000_000))
                #expect(await eventually { !server.partialFiles.isEmpty })
                await peer.halfClose()
                _ = try await peer.receiveEnd()
                await peer.close()
                #expect(try await eventually { try await server.offset(of: path, account) == 0 })
                #expect(try await server.storedOffset(of: path) == 0)
            }
        }

        @Test("H54 an algorithm that is not there, a field that is none, and a trailer are 400 before any byte")
        func refused() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 11)
                let calls: [(String, String)] = [
                    ("Upload-Checksum: md5 XrY7u+Ae7tCTyyK7j1rNww==", "digest-unsupported"),
                    ("Upload-Checksum: SHA1 \(Self.right[0].dropFirst(5))", "digest-unsupported"),
                    ("Upload-Checksum: sha1", "bad-upload-field"), ("Upload-Checksum: sha1 YQ==", "bad-upload-field"),
                    ("Upload-Checksum: \(Self.right[0]), \(Self.right[1])", "bad-upload-field"),
                    ("Trailer: Upload-Checksum", "bad-upload-field"),
                ]
                for (field, type) in calls {
                    for call in [
                        HTTPCall.patch(path, at: 0, Self.content, token: account.token, [field]),
                        .create(with: Self.content, token: account.token, ["Upload-Length: 11", field]),
                    ] {
                        let answer = try await server.send(call)
                        #expect(answer.status == 400, "\(field)")
                        let problem = try answer.decode(Problem.self)
                        #expect(problem.type == "/problems/" + type && problem.code == "Upload-Checksum")
                    }
                }
                #expect(try await server.offset(of: path, account) == 0)
                #expect(try await server.uploads(of: account) == 1)
            }
        }

        @Test("H54 behind the body nothing is read: a checksum that was not announced there counts for none, right or wrong")
        func trailer() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for content in ["hello world", "hello World"] {
                    let path = try await server.begin(account, length: 11)
                    var call = HTTPCall.patch(path, at: 0, [], token: account.token, ["Transfer-Encoding: chunked"])
                    call.body = Array("b\r\n\(content)\r\n0\r\nUpload-Checksum: \(Self.right[0])\r\n\r\n".utf8)
                    let answer = try await server.send(call)
                    #expect(answer.status == 204 && answer["upload-offset"] == "11")
                    #expect(try await server.content(of: answer["sluice-file"], account) == Array(content.utf8))
                }
            }
        }

        @Test("H54 a digest that cannot be verified in its place is refused with what can be there")
        func advice() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 11)
                let sum = Data(SHA256Hasher.digest(of: Self.content).bytes).base64EncodedString()
                let long = Data(repeating: 0, count: 64).base64EncodedString()
                for (call, field, word) in [
                    (
                        HTTPCall.tus("POST", token: account.token, ["Upload-Length: 11", "Repr-Digest: sha-512=:\(long):"]),
                        "want-repr-digest", "sha-256 of the whole file"
                    ),
                    (
                        .patch(path, at: 0, Self.content, token: account.token, ["Repr-Digest: sha-256=:\(sum):"]), "want-content-digest",
                        "Content-Digest"
                    ),
                    (
                        .patch(path, at: 0, Self.content, token: account.token, ["Content-Digest: md5=:AAAA:"]), "want-content-digest",
                        "Upload-Checksum"
                    ),
                ] {
                    let answer = try await server.send(call)
                    #expect(answer.status == 400 && answer[field] != nil, "\(answer.text)")
                    let problem = try answer.decode(Problem.self)
                    #expect(problem.type == "/problems/digest-unsupported" && problem.detail?.contains(word) == true)
                }
                #expect(try await server.offset(of: path, account) == 0)
            }
        }

        @Test("H54 bytes that come with the creation are compared as well, all of them or the first", arguments: [11, 12])
        func creation(length: Int) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let fields = ["Upload-Length: \(length)", "Upload-Checksum: \(Self.right[0])"]
                #expect(try await server.send(.create(with: Array("hello World".utf8), token: account.token, fields)).status == 460)
                #expect(try await server.rows(of: account) == 0)
                #expect(try await server.uploads(of: account) == 0, "nobody knows its address")
                let answer = try await server.send(.create(with: Self.content, token: account.token, fields))
                #expect(answer.status == 201 && answer["upload-offset"] == "11" && (answer["sluice-file"] != nil) == (length == 11))
            }
        }
    }
}
