import Dispatch
import NIOCore
import Platform
import TestSupport
import Testing

extension OverSockets {
    @Suite("Slow clients")
    struct SlowClientTests {
        // No client here that is to be served is as slow as that, however busy the machine.
        private static let options = WebServer.Options(
            settings: ["SLUICE_MINIMUM_RATE": "1000"], slowBodyWindow: .milliseconds(300 * Int64(Patience.factor)), chunkSize: 64 << 10)
        private static let idle = "\(Patience.factor)s"

        @Test(
            "H22 a body that comes byte by byte is cut with 408, and what came of it is not taken for the whole", arguments: [false, true])
        func drip(isChunked: Bool) async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000"
                let call = HTTPCall.put("slow", token: account.token, "", [framing])
                let peer = try await server.connect()
                try await peer.send(call.head)
                var isCut = false
                for _ in 0..<200 * Patience.factor where !isCut {
                    do {
                        try await peer.send(isChunked ? "1\r\na\r\n" : "a")
                        isCut = await !peer.isQuiet(for: 20)
                    } catch {
                        isCut = true
                    }
                }
                #expect(isCut)
                let answer = try await peer.receive(call)
                #expect(answer.status == 408 && answer["connection"] == "close")
                #expect(try answer.decode(Problem.self).type == "/problems/slow-body")
                #expect(try await peer.receiveEnd() == .closed)
                #expect(await !peer.hasBytes, "a second answer")
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H22 a body that stops in the middle is cut with 408; of an upload what came is kept", arguments: [false, true])
        func stopped(isChunked: Bool) async throws {
            try await WebServer.run(.init(settings: ["SLUICE_IDLE_TIMEOUT": Self.idle], chunkSize: 64 << 10)) { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 1_000_000)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000"
                let frame = isChunked ? Array("\(String(400_000, radix: 16))\r\n".utf8) : []
                for call in [
                    HTTPCall.put("slow", token: account.token, "", [framing]), .patch(path, at: 0, [], token: account.token, [framing]),
                ] {
                    let peer = try await server.connect()
                    try await peer.send(Array(call.head.utf8) + frame + pattern(400_000))
                    #expect(try await peer.receive(call).status == 408)
                    #expect(try await peer.receiveEnd() == .closed)
                }
                #expect(try await eventually { try await server.offset(of: path, account) == 400_000 })
                let end = try await server.send(.patch(path, at: 400_000, pattern(600_000), token: account.token))
                #expect(try await server.content(of: end["sluice-file"], account) == pattern(400_000) + pattern(600_000))
                #expect(try await server.rows(of: account) == 1)
            }
        }

        @Test("H22 a client that waits in silence before its body is cut")
        func silence() async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                let peer = try await server.connect()
                let call = HTTPCall.put("slow", token: account.token, "", ["Content-Length: 10"])
                try await peer.send(call.head)
                #expect(try await peer.receive(call).status == 408)
                _ = try await peer.receiveEnd()
                try await server.expectNothingLeft(of: account)
            }
        }

        /// That time does not count while nothing is read is `SlowPeerTests.backPressure`; here: nothing is read.
        @Test("H22 a body that the disk holds up is not read on, and is taken whole once the disk goes on")
        func backPressure() async throws {
            try await WebServer.run(Self.options) { server in
                let account = try await server.account()
                let gate = DispatchSemaphore(value: 0)
                async let blocked: Void = withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<server.files.size { group.addTask { try await server.files.run { gate.wait() } } }
                    try await group.waitForAll()
                }
                #expect(await eventually { server.files.load == server.files.size })
                var call = HTTPCall("PUT", "/api/v1/files/held", token: account.token)
                call.body = [UInt8](repeating: 0x61, count: 32 << 20)
                let (sent, whole) = (call, Recorder<Void>())
                let peer = try await server.connect()
                async let answer: Answer = {
                    try await peer.send(sent.bytes)
                    whole.record(())
                    return try await peer.receive(sent)
                }()
                #expect(await eventually { server.files.load > server.files.size }, "the upload has come to the disk")
                #expect(whole.all.isEmpty, "bytes are taken that nobody can keep")
                for _ in 0..<server.files.size { gate.signal() }
                try await blocked
                #expect(try await answer.files()[0].size == 32 << 20)
            }
        }

        @Test("H22 a head that comes byte by byte is cut by the idle timeout, the first one and a later one", arguments: [false, true])
        func slowHead(isSecond: Bool) async throws {
            try await WebServer.run(.init(settings: ["SLUICE_IDLE_TIMEOUT": Self.idle])) { server in
                let account = try await server.account()
                let peer = try await server.connect()
                let call = HTTPCall("GET", "/api/v1/files", token: account.token)
                if isSecond { #expect(try await peer.call(call).status == 200) }
                // As it should be, but that its last field does not end.
                let head = call.bytes.dropLast(4) + Array("\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 200 * Patience.factor)
                var isCut = false
                for byte in head where !isCut {
                    do {
                        try await peer.send([byte])
                        isCut = await !peer.isQuiet(for: 25)
                    } catch {
                        isCut = true
                    }
                }
                #expect(isCut)
                _ = try await peer.receiveEnd()
                #expect(await !peer.hasBytes, "it was refused for something else")
            }
        }

        @Test("H22 a client that does not read its download is cut, and the file let go of")
        func stalledReader() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_IDLE_TIMEOUT": Self.idle])) { server in
                let account = try await server.account()
                var call = HTTPCall("PUT", "/api/v1/files/big", token: account.token)
                call.body = [UInt8](repeating: 7, count: 24 << 20)
                let id = try await server.send(call).files()[0].id ?? ""
                let peer = try await Peer(port: server.port, receiveBuffer: 16 << 10)
                try await peer.send(HTTPCall("GET", "/api/v1/files/\(id)/content", token: account.token).bytes)
                #expect(await eventually { !server.openDescriptors.isEmpty })
                #expect(await eventually { server.openDescriptors.isEmpty })
                await peer.close()
            }
        }
    }
}
