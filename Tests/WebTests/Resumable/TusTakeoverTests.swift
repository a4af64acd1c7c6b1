import Cryptography
import Foundation
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    /// Two clients, or one that has lost its connection, at one upload, through one server or two (H48).
    @Suite("tus: takeover")
    struct TusTakeoverTests {
        enum Redis: CaseIterable {
            case running, stopped, emptied
        }

        /// Sends the head of the first PATCH and part of its body, and waits until the server has fenced it: who comes then comes second.
        private func begin(_ path: String, _ bytes: [UInt8], of length: Int, _ account: WebServer.Account, at server: WebServer)
            async throws -> Peer
        {
            let peer = try await server.connect()
            let call = HTTPCall.patch(path, at: 0, [], token: account.token, ["Content-Length: \(length)"])
            try await peer.send(call.bytes + bytes)
            let isFenced = try await eventually {
                // Without Redis a first fence comes before the lock, which makes the file.
                guard server.partialFiles.contains(where: { $0.contains(path.suffix(36)) }) else { return false }
                return try await server.epoch(of: path) ?? 0 > 0
            }
            #expect(isFenced, "the server does not work on the first PATCH")
            return peer
        }

        @Test(
            "H48 a second PATCH at another server ends the first, whose client gets no answer; the file is wholly one of them",
            arguments: Redis.allCases)
        func patch(state: Redis) async throws {
            let redis = try await RedisServerProcess.start()
            var options = WebServer.Options(chunkSize: 64 << 10)
            options.redis = redis
            try await WebServer.pair(options) { first, second in
                let account = try await first.account()
                let (older, newer) = (pattern(2_000_000, seed: 1), pattern(2_000_000, seed: 2))
                for round in 0..<(state == .running ? 50 : 5) {
                    let path = try await first.begin(account, length: older.count)
                    let (one, other) = round.isMultiple(of: 2) ? (first, second) : (second, first)
                    let peer = try await self.begin(path, Array(older[..<(20_000 * (round % 20 + 1))]), of: older.count, account, at: one)
                    switch state {
                    case .running: break
                    case .stopped: redis.kill()
                    case .emptied: _ = try await redis.ask("FLUSHALL")
                    }
                    let offset = try #require(try await other.offsetOnceFree(of: path, account))
                    // What the first has sent up to there is kept; it may send no more.
                    try? await peer.send(Array(older[(20_000 * (round % 20 + 1))...]))
                    let rest = Array(newer[Int(offset)...])
                    let end = try await other.send(.patch(path, at: offset, rest, token: account.token))
                    #expect(end.status == 204, "round \(round): \(end.status) \(end.text)")
                    _ = try await peer.receiveEnd()
                    #expect(await !peer.hasBytes, "round \(round): the first got an answer")
                    await peer.close()
                    let content = Array(older[..<Int(offset)]) + rest
                    let digest = Data(SHA256Hasher.digest(of: content).bytes).base64EncodedString()
                    #expect(end["repr-digest"] == "sha-256=:\(digest):", "round \(round)")
                    #expect(try await one.content(of: end["sluice-file"], account) == content)
                }
            }
        }

        @Test("H48 two PATCHes of different bytes at one offset, at two servers at once: one of them is the file, all of it")
        func race() async throws {
            let redis = try await RedisServerProcess.start()
            var options = WebServer.Options(chunkSize: 64 << 10)
            options.redis = redis
            try await WebServer.pair(options) { first, second in
                let account = try await first.account()
                let contents = [pattern(700_000, seed: 1), pattern(700_000, seed: 2)]
                let digests = contents.map { SHA256Hasher.digest(of: $0).description }
                for round in 0..<100 {
                    let path = try await first.begin(account, length: 700_000)
                    await withTaskGroup(of: Void.self) { group in
                        for (server, content) in zip([first, second], contents) {
                            let delay = Duration.microseconds(Int.random(in: 0..<5000))
                            group.addTask {
                                try? await Task.sleep(for: delay)
                                // Its connection may end at any moment.
                                _ = try? await server.send(.patch(path, at: 0, content, token: account.token))
                            }
                        }
                    }
                    // A client that was ended asks, and sends what is missing of its bytes only if none of the other's are there.
                    let head = try await second.headOnceFree(path, account)
                    let offset = try #require(head["upload-offset"].flatMap { Int($0) }, "round \(round): \(head.status) \(head.fields)")
                    var file = head["sluice-file"]
                    var expected = digests
                    if file == nil {
                        let end = try await second.send(
                            .patch(path, at: Int64(offset), Array(contents[1][offset...]), token: account.token))
                        #expect(end.status == 204, "round \(round): PATCH at \(offset): \(end.status) \(end.text)")
                        file = end["sluice-file"]
                        expected = contents.map { SHA256Hasher.digest(of: Array($0[..<offset]) + contents[1][offset...]).description }
                    }
                    let kept = try await first.send(HTTPCall("GET", "/api/v1/files/\(file ?? "")", token: account.token)).decode(
                        FileReply.self)
                    #expect(expected.contains(kept.sha256 ?? ""), "round \(round): two sequences were mixed")
                    let bytes = try await first.content(of: file, account)
                    #expect(SHA256Hasher.digest(of: bytes).description == kept.sha256, "round \(round): the digest is not the bytes'")
                }
            }
        }

        @Test("H48 HEAD at another server ends the writer, and the offset it tells stays", arguments: [false, true])
        func head(isSame: Bool) async throws {
            let redis = try await RedisServerProcess.start()
            var options = WebServer.Options(chunkSize: 64 << 10)
            options.redis = redis
            try await WebServer.pair(options) { first, second in
                let account = try await first.account()
                let content = pattern(3_000_000)
                let path = try await first.begin(account, length: content.count)
                let peer = try await self.begin(path, Array(content[..<1_000_000]), of: content.count, account, at: first)
                let other = isSame ? first : second
                let offset = try #require(try await other.offsetOnceFree(of: path, account))
                try? await peer.send(Array(content[1_000_000...]))
                _ = try await peer.receiveEnd()
                #expect(await !peer.hasBytes)
                for server in [first, second] { #expect(try await server.offset(of: path, account) == offset) }
                let end = try await second.send(.patch(path, at: offset, Array(content[Int(offset)...]), token: account.token))
                #expect(try await first.content(of: end["sluice-file"], account) == content)
            }
        }

        @Test("H48 many HEADs at once, while somebody writes and when nobody does, all tell the same offset", arguments: [true, false])
        func heads(isWritten: Bool) async throws {
            let redis = try await RedisServerProcess.start()
            var options = WebServer.Options(chunkSize: 64 << 10)
            options.redis = redis
            try await WebServer.pair(options) { first, second in
                let account = try await first.account()
                let content = pattern(100_000)
                for round in 0..<20 {
                    let path = try await first.begin(account, length: content.count)
                    var writer: Peer?
                    if isWritten { writer = try await self.begin(path, Array(content[..<50_000]), of: content.count, account, at: first) }
                    let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                        for index in 0..<8 {
                            group.addTask { try await (index.isMultiple(of: 2) ? first : second).headOnceFree(path, account) }
                        }
                        return try await group.reduce(into: [Answer]()) { $0.append($1) }
                    }
                    #expect(answers.allSatisfy { $0.status == 200 }, "round \(round): \(answers.map(\.status))")
                    let offsets = Set(answers.compactMap { $0["upload-offset"].flatMap { Int64($0) } })
                    #expect(offsets.count == 1, "round \(round): \(offsets)")
                    await writer?.close()
                    let offset = offsets.first ?? 0
                    let end = try await second.send(.patch(path, at: offset, Array(content[Int(offset)...]), token: account.token))
                    #expect(end.status == 204, "round \(round): \(end.text)")
                }
            }
        }

        @Test("H48 who loses the connection without a word goes on at once, at the other server as at the same", arguments: [false, true])
        func vanished(isSame: Bool) async throws {
            let redis = try await RedisServerProcess.start()
            var options = WebServer.Options(chunkSize: 64 << 10)
            options.redis = redis
            try await WebServer.pair(options) { first, second in
                let account = try await first.account()
                let content = pattern(2_000_000)
                let path = try await first.begin(account, length: content.count)
                // Stays open, as a connection does whose other end is gone.
                let peer = try await self.begin(path, Array(content[..<900_000]), of: content.count, account, at: first)
                let start = ContinuousClock.now
                let other = isSame ? first : second
                let offset = try #require(try await other.offsetOnceFree(of: path, account))
                let end = try await other.send(.patch(path, at: offset, Array(content[Int(offset)...]), token: account.token))
                #expect(end.status == 204)
                #expect(.now - start < .seconds(2) * Patience.factor)
                #expect(try await first.content(of: end["sluice-file"], account) == content)
                await peer.close()
            }
        }

        @Test("H51 another user's HEAD and PATCH end nobody")
        func foreign() async throws {
            try await WebServer.run(.init(chunkSize: 64 << 10)) { server in
                let (account, other) = (try await server.account(), try await server.account())
                let content = pattern(1_000_000)
                let path = try await server.begin(account, length: content.count)
                let peer = try await self.begin(path, Array(content[..<300_000]), of: content.count, account, at: server)
                #expect(try await server.head(path, other).status == 404)
                #expect(try await server.send(.patch(path, at: 0, [1], token: other.token)).status == 404)
                #expect(try await server.send(.tus("DELETE", path, token: other.token)).status == 404)
                try await peer.send(Array(content[300_000...]))
                #expect(try await peer.receive().status == 204)
            }
        }
    }
}
