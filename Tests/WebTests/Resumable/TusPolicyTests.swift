import Cryptography
import Foundation
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    /// Quotas, types and digests, of which nothing may be got round by sending a file in several requests.
    @Suite("tus: policies")
    struct TusPolicyTests {
        private static let testVirus = Array(#"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"#.utf8)

        @Test("H11 H56 a part that is finished takes room until it is used, also when Redis has forgotten it; deleting it gives that back")
        func parts() async throws {
            let redis = try await RedisServerProcess.start()
            let options = WebServer.Options(settings: ["SLUICE_QUOTA_BYTES": "1MiB", "SLUICE_QUOTA_FILES": "1"], redis: redis)
            try await WebServer.run(options) { server in
                let account = try await server.account()
                let parts = [try await server.part(account, pattern(300_000)), try await server.part(account, pattern(300_000, seed: 2))]
                _ = try await redis.ask("FLUSHALL")
                let fields = ["Upload-Length: 600000", "Upload-Concat: partial"]
                let refused = try await server.send(.tus("POST", token: account.token, fields))
                #expect(refused.status == 413)
                #expect(try refused.decode(Problem.self).limit == "bytes")
                #expect(try await server.send(.tus("DELETE", parts[1], token: account.token)).status == 204)
                #expect(try await server.send(.tus("POST", token: account.token, fields)).status == 201)
            }
        }

        @Test("H11 an upload that does not say how long it is takes room with its bytes, and is refused before those that do not fit")
        func deferred() async throws {
            let redis = try await RedisServerProcess.start()
            try await WebServer.run(WebServer.Options(settings: ["SLUICE_QUOTA_BYTES": "1MiB"], redis: redis)) { server in
                let account = try await server.account()
                let path = try await server.begin(account, ["Upload-Defer-Length: 1"])
                let peer = try await server.connect()
                try await peer.send(
                    HTTPCall.patch(path, at: 0, [], token: account.token, ["Content-Length: 2000000", "Expect: 100-continue"]).head)
                #expect(try await peer.receive().status == 413)
                await peer.close()
                #expect(try await server.offset(of: path, account) == 0)
                #expect(try await server.send(.patch(path, at: 0, pattern(1000), token: account.token)).status == 204)
            }
        }

        @Test("H43 what a rule describes is refused at the end, in however many pieces it came, and the upload is dead")
        func types() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_DENY": "magic:EICAR,.exe"])) { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: Self.testVirus.count)
                let half = Self.testVirus.count / 2
                #expect(try await server.send(.patch(path, at: 0, Array(Self.testVirus[..<half]), token: account.token)).status == 204)
                let rest = Array(Self.testVirus[half...])
                let refused = try await server.send(.patch(path, at: Int64(half), rest, token: account.token))
                #expect(refused.status == 415)
                #expect(try refused.decode(Problem.self).rule == "magic:EICAR")
                let dead = try await server.send(.patch(path, at: Int64(half), rest, token: account.token))
                #expect(dead.status == 422)
                #expect(try dead.decode(Problem.self).code == "type-refused")
                let name = Data("a.exe".utf8).base64EncodedString()
                let named = ["Upload-Length: 5", "Upload-Metadata: filename \(name)"]
                #expect(try await server.send(.tus("POST", token: account.token, named)).status == 415)
                let whole = ["Upload-Length: \(Self.testVirus.count)"]
                #expect(try await server.send(.create(with: Self.testVirus, token: account.token, whole)).status == 415)
                #expect(try await server.rows(of: account) == 0)
            }
        }

        @Test("H11 H42 H43 what speaks against the whole is told when it is joined, and the parts are as they were")
        func joined() async throws {
            let redis = try await RedisServerProcess.start()
            let options = WebServer.Options(
                settings: ["SLUICE_TYPES_DENY": "magic:EICAR,.exe", "SLUICE_QUOTA_BYTES": "1MiB", "SLUICE_QUOTA_FILES": "1"], redis: redis)
            try await WebServer.run(options) { server in
                let account = try await server.account()
                let half = Self.testVirus.count / 2
                let virus = [
                    try await server.part(account, Array(Self.testVirus[..<half])),
                    try await server.part(account, Array(Self.testVirus[half...])),
                ]
                func join(_ parts: [String], _ fields: [String] = []) async throws -> Answer {
                    try await server.send(
                        .tus("POST", token: account.token, ["Upload-Concat: final;" + parts.joined(separator: " ")] + fields))
                }
                let refused = try await join(virus)
                #expect(refused.status == 415)
                #expect(try refused.decode(Problem.self).rule == "magic:EICAR")
                let named = try await join(virus, ["Upload-Metadata: filename \(Data("a.exe".utf8).base64EncodedString())"])
                #expect(named.status == 415)
                #expect(try named.decode(Problem.self).rule == ".exe")
                let good = [try await server.part(account, pattern(300_000)), try await server.part(account, pattern(300_000, seed: 2))]
                #expect(try await join(good).status == 201)
                let full = try await join(virus.reversed())
                #expect(full.status == 413)
                let problem = try full.decode(Problem.self)
                #expect(problem.limit == "files" && problem.maximum == 1 && problem.used == 1)
                for part in virus {
                    #expect(try await server.offset(of: part, account) != nil)
                    #expect(try await server.send(.tus("DELETE", part, token: account.token)).status == 204, "not used up")
                }
                #expect(try await server.rows(of: account) == 1)
                // What the parts were promised is the whole's now, and not promised any more.
                let room = ["Upload-Length: \((1 << 20) - 601_000)", "Upload-Concat: partial"]
                #expect(try await server.send(.tus("POST", token: account.token, room)).status == 201)
            }
        }

        @Test("H54 where the length comes later, Repr-Digest is that of the whole file, and not of the first bytes", arguments: [100, 60])
        func deferredDigest(covered: Int) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let content = pattern(100)
                func begin(_ digest: String) async throws -> Answer {
                    let fields = ["Upload-Defer-Length: 1", "Transfer-Encoding: chunked", "Repr-Digest: \(digest)"]
                    var call = HTTPCall.create(with: [], token: account.token, fields)
                    call.body = Array("3c\r\n".utf8) + content[..<60] + Array("\r\n0\r\n\r\n".utf8)
                    return try await server.send(call)
                }
                let digest = Data(SHA256Hasher.digest(of: Array(content[..<covered])).bytes).base64EncodedString()
                let begun = try await begin("sha-256=:\(digest):")
                #expect(begun.status == 201 && begun["upload-offset"] == "60", "\(begun.text)")
                let path = try #require(begun["location"])
                let rest = HTTPCall.patch(path, at: 60, Array(content[60...]), token: account.token, ["Upload-Length: 100"])
                #expect(try await server.send(rest).status == (covered == 100 ? 204 : 400))
                #expect(try await server.rows(of: account) == (covered == 100 ? 1 : 0))
                let long = try await begin("sha-512=:\(Data(count: 64).base64EncodedString()):")
                #expect(try long.decode(Problem.self).type == "/problems/digest-unsupported", "at its end it could not be compared")
            }
        }

        @Test("H54 a digest of the body is compared before a byte is kept; one of the file at its end, and then the upload is dead")
        func digests() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let content = pattern(100)
                let right = "sha-256=:\(Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()):"
                let wrong = "sha-256=:\(Data(SHA256Hasher.digest(of: [1]).bytes).base64EncodedString()):"
                let path = try await server.begin(account, length: 100)
                let field = ["Content-Digest: \(wrong)"]
                #expect(try await server.send(.patch(path, at: 0, content, token: account.token, field)).status == 400)
                #expect(try await server.offset(of: path, account) == 0)
                #expect(try await server.send(.patch(path, at: 0, content, token: account.token, ["Repr-Digest: \(right)"])).status == 400)
                let good = ["Content-Digest: \(right)"]
                #expect(try await server.send(.patch(path, at: 0, content, token: account.token, good)).status == 204)

                let meant = try await server.begin(account, ["Upload-Length: 100", "Repr-Digest: \(wrong)"])
                #expect(try await server.send(.patch(meant, at: 0, content, token: account.token)).status == 400)
                #expect(try await server.head(meant, account).status == 422)
                let sound = try await server.begin(account, ["Upload-Length: 100", "Repr-Digest: \(right)"])
                #expect(try await server.send(.patch(sound, at: 0, content, token: account.token)).status == 204)
                #expect(try await server.rows(of: account) == 2)
            }
        }
    }
}
