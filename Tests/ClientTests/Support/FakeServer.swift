import Cryptography
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The server's side of what the client does, in the process of the tests, with faults on demand.
///
/// It keeps whole uploads and resumable ones as Sluice does, but in memory, and believes what it is told.
final class FakeServer: Sendable {
    enum Fault: Sendable {
        /// Answers this instead, with a problem of this type.
        case answer(Int, type: String = "about:blank", fields: [String: String] = [:])
        /// Ends the connection after so many bytes of a body, in either direction; what a PATCH has brought is kept.
        case cut(after: Int)
        /// Does what it is asked and ends the connection without an answer.
        case loseAnswer
        /// Does nothing more.
        case hang
        /// Does what it is asked, and nothing more.
        case hangAfter
        /// All as it should be: the one behind it is for the next.
        case pass
    }

    struct Seen: Sendable {
        let method: String
        let path: String
        let fields: [String: String]
        let bytes: Int
    }

    struct File: Sendable {
        let id: String
        let name: String
        let content: [UInt8]
    }

    struct Upload: Sendable {
        let id: String
        let name: String
        let length: Int
        var content: [UInt8] = []
        var file: String?
        var isGone = false
        /// `Repr-Digest` of the creation.
        var announced: String?
    }

    struct State: Sendable {
        var faults: [String: [Fault]] = [:]
        var seen: [Seen] = []
        var files: [File] = []
        var uploads: [String: Upload] = [:]
        /// Of requests with an Idempotency-Key, by that.
        var kept: [String: FakeAnswer] = [:]
        var lies = false
        /// How many of the next uploads arrive damaged.
        var damages = 0
        /// Whether the answers about uploads say what arrived.
        var tellsDigest = true
        var mayDelete = true
        /// What files are called, instead of as they were sent.
        var name: String?
        /// Named in the place of uploads.
        var otherHost = ""
        var connections = 0
    }

    let state = Mutex(State())
    let port: Int
    private let channel: any Channel

    static func with<T>(_ body: (FakeServer) async throws -> T) async throws -> T {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let holder = Mutex<FakeServer?>(nil)
        let channel = try await bootstrap.childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                if let server = holder.withLock({ $0 }) {
                    server.state.withLock { $0.connections += 1 }
                    try channel.pipeline.syncOperations.addHandler(FakeHandler(server: server))
                }
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        let server = FakeServer(channel: channel)
        holder.withLock { $0 = server }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private init(channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var files: [File] { state.withLock { $0.files } }
    var seen: [Seen] { state.withLock { $0.seen } }

    func seen(_ method: String) -> [Seen] { seen.filter { $0.method == method } }

    /// The next requests of this method meet these, one each.
    func fail(_ method: String, _ faults: Fault...) {
        state.withLock { $0.faults[method, default: []] += faults }
    }

    @discardableResult
    func add(_ name: String, _ content: [UInt8]) -> String {
        state.withLock { $0.add(name, content) }
    }
}

extension FakeServer.State {
    mutating func add(_ name: String, _ content: [UInt8]) -> String {
        let id = "01a20576-e06f-7478-8249-" + String(1_000_000_000_00 + files.count)
        files.append(FakeServer.File(id: id, name: name, content: content))
        return id
    }
}

struct FakeAnswer: Sendable {
    var status: Int
    var fields: [String: String] = [:]
    var body: [UInt8] = []

    static func json(_ status: Int, _ value: Any) -> FakeAnswer {
        let body = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
        return FakeAnswer(status: status, fields: ["content-type": "application/json"], body: Array(body))
    }

    static func problem(_ status: Int, _ type: String, _ fields: [String: String] = [:]) -> FakeAnswer {
        var answer = json(status, ["type": type, "title": "Refused", "status": status])
        answer.fields.merge(fields) { $1 }
        return answer
    }
}
