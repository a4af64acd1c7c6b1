import Cryptography
import TestSupport
import Testing
import Web

/// A problem about a digest.
private struct DigestProblem: Decodable {
    let type: String
    let field, algorithm: String?
}

extension OverSockets {
    @Suite("Digests")
    struct DigestTests {
        private static let sha512 = "stHShbUZnIX5iNA2ScN+RP093gHl1pxQ/vkGUZYvSBEOk0C2DUmkecTAtT9fB9aQaG3YfSSBk3pRLouF7nxhfw=="
        private static let md5 = "mgNkuembtIDdJeHwKEyFVQ=="
        private static let long = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        private static let longSHA512 = "5xhIPQznaWROLkLHvBW0Y44fmLE7IEQoVjKoA6+pc+veD/JEh36mCkywQyzld8Mb6wCcXCxJqi5OrbIXrYzAmw=="

        private static func sha256(_ bytes: [UInt8]) -> String { "sha-256=:\(Base64.encode(SHA256Hasher.digest(of: bytes).bytes)):" }

        private static let right = [
            ["Content-Digest: \(sha256(Array("content".utf8)))"], ["Repr-Digest: sha-512=:\(sha512):"], ["Content-MD5: \(md5)"],
            ["Content-Digest: sha-512=:\(sha512):, md5=:AAAA:", "Repr-Digest: \(sha256(Array("content".utf8)))", "Content-MD5: \(md5)"],
        ]

        @Test("a body that is what its digests say is accepted, and the answer has the file's", arguments: right)
        func accepted(fields: [String]) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(.put("a", token: account.token, "content", fields))
                #expect(answer.status == 202, "\(answer.text)")
                #expect(answer["repr-digest"] == Self.sha256(Array("content".utf8)))
                let chunked = try await server.send(
                    .put("a", token: account.token, "3\r\ncon\r\n4\r\ntent\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"] + fields))
                #expect(chunked.status == 202, "\(chunked.text)")
            }
        }

        private static let wrong = [
            (["Content-Digest: \(sha256([1]))"], "Content-Digest", "sha256"),
            (["Repr-Digest: sha-512=:\(longSHA512):"], "Repr-Digest", "sha512"),
            (["Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="], "Content-MD5", "md5"),
            (["Content-Digest: sha-512=:\(sha512):", "Repr-Digest: \(sha256([1]))"], "Repr-Digest", "sha256"),
            (["Content-Digest: \(sha256(Array("content".utf8))), sha-512=:\(longSHA512):"], "Content-Digest", "sha512"),
        ]

        @Test("H54 H11 one digest that differs: 400 names it, and nothing stays", arguments: wrong)
        func refused(fields: [String], field: String, algorithm: String) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let answer = try await server.send(.put("a", token: account.token, "content", fields))
                #expect(answer.status == 400)
                let problem = try answer.decode(DigestProblem.self)
                #expect(problem.type == "/problems/digest-mismatch" && problem.field == field && problem.algorithm == algorithm)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H54 H11 long bodies are compared too, whatever way they take", arguments: [true, false])
        func long(isRight: Bool) async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let form = Form().file("a", bytes: Self.long)
                let digests = [
                    (Self.long, "sha-512=:\(isRight ? Self.longSHA512 : Self.sha512):"),
                    (form.bytes, Self.sha256(isRight ? form.bytes : Self.long)),
                ]
                for (index, (body, digest)) in digests.enumerated() {
                    var call = HTTPCall.post(form, token: account.token, ["Content-Digest: \(digest)"])
                    if index == 0 { call = HTTPCall("PUT", "/api/v1/files/a", token: account.token, ["Repr-Digest: \(digest)"]) }
                    call.body = body
                    let answer = try await server.send(call)
                    #expect(answer.status == (isRight ? 202 : 400), "\(answer.text)")
                    if isRight { #expect(answer["repr-digest"] == Self.sha256(Self.long)) }
                }
                if !isRight { try await server.expectNothingLeft(of: account) }
            }
        }

        @Test("H54 a form's digest is that of the whole body; with several files the answer has none of its own")
        func form() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let form = Form().file("a").file("b")
                let right = try await server.send(.post(form, token: account.token, ["Content-Digest: \(Self.sha256(form.bytes))"]))
                #expect(right.status == 202 && right["repr-digest"] == nil)
                let wrong = try await server.send(
                    .post(form, token: account.token, ["Content-Digest: \(Self.sha256(Array("content".utf8)))"]))
                #expect(wrong.status == 400)
                #expect(try await server.rows(of: account) == 2)
            }
        }

        @Test("H54 H12 a body that is not read to its end cannot be verified: nothing of it is taken")
        func cutShort() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "1000"])) { server in
                let account = try await server.account()
                var call = HTTPCall.post(
                    Form(), token: account.token, ["Content-Length: 5000000000", "Content-Digest: \(Self.sha256([1]))"])
                call.body = []
                let peer = try await server.connect()
                try await peer.send(call.head)
                try await peer.send(Form().file("a").unended)
                try await peer.send("--\(Form.boundary)\r\nContent-Disposition: form-data; name=\"f\"; filename=\"large\"\r\n\r\n")
                let (_, isCut) = try await peer.flood([UInt8](repeating: 0x61, count: 1 << 20), atMost: 1 << 30)
                #expect(isCut)
                let answer = try await peer.receive()
                #expect(answer.status == 413)
                #expect(try answer.decode(Problem.self).type == "/problems/parts-not-read")
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test(
            "H54 H15 digests that cannot be verified are refused before the body",
            arguments: [
                ("Repr-Digest: md5=:AAAA:", 400), ("Trailer: Content-Digest", 400), ("Content-MD5: x", 400),
                ("Content-Digest: sha-256=:AA:", 400),
                ("Content-Digest: " + String(repeating: "\\\"", count: 3000), 431),
            ])
        func unsupported(field: String, status: Int) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for call in [
                    HTTPCall.put("a", token: account.token, "content", [field, "Expect: 100-continue"]),
                    .post(Form().file("a"), token: account.token, [field, "Expect: 100-continue"]),
                ] {
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    let answer = try await peer.receive()
                    #expect(answer.status == status, "\(answer.text)")
                    answer.check(against: call, sourceLocation: #_sourceLocation)
                    let isForeign = try answer.decode(Problem.self).type == "/problems/digest-unsupported"
                    #expect((answer["want-repr-digest"] != nil) == isForeign)
                }
            }
        }

        @Test("H54 a digest behind the body that was not announced is not read; the answer tells what came")
        func trailer() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let body = "7\r\ncontent\r\n0\r\nContent-Digest: \(Self.sha256([1]))\r\n\r\n"
                let answer = try await server.send(.put("a", token: account.token, body, ["Transfer-Encoding: chunked"]))
                #expect(answer.status == 202 && answer["repr-digest"] == Self.sha256(Array("content".utf8)))
            }
        }

        @Test("content is given with the digest of all of it, ranges too")
        func downloads() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let id = try await server.send(.put("a", token: account.token)).files()[0].id ?? ""
                for method in ["GET", "HEAD"] {
                    for fields in [[], ["Range: bytes=1-2"]] {
                        let answer = try await server.send(HTTPCall(method, "/api/v1/files/\(id)/content", token: account.token, fields))
                        #expect(answer.status == (fields.isEmpty ? 200 : 206))
                        #expect(answer["repr-digest"] == Self.sha256(Array("content".utf8)))
                    }
                }
            }
        }
    }
}
