import Accounts
import Files
import NIOCore
import Platform
import ServiceLifecycle

/// One open stream: looks at the files of its user again and again, and writes what has changed.
///
/// It reads as a script does: it renews nothing, and ends with the session or the token that it was opened by.
struct EventStream: Sendable {
    let user: Caller
    let watch: FileWatch
    let catalog: FileCatalog
    let sessions: SessionStore
    let tokens: TokenStore
    let pace: EventHandlers.Pace

    /// Writes until the session, the token or the time of the stream has ended, the process stops, a store fails, or the client has gone.
    func run(_ write: (ByteBuffer) async throws -> Void) async throws {
        var watch = watch
        let end = ContinuousClock.now + pace.longest
        try await write(Self.sign)
        while ContinuousClock.now < end, await pause(), await isEntitled() {
            // Else nobody would notice that a client has gone which has nothing to hear, and it would keep its place.
            try await write(Self.sign)
            // The client opens a new one, and looks at the whole list then: nothing is missed.
            guard let states = try? await catalog.states(owner: user.id, of: watch.ids, since: FileWatch.since(FileID().milliseconds))
            else {
                return
            }
            let news = watch.take(states)
            guard let events = try? await events(of: news) else { return }
            if events.readableBytes > 0 { try await write(events) }
        }
    }

    /// - Returns: false when it is time to stop.
    private func pause() async -> Bool {
        let isOver = (try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pace.interval) }) == nil
        return !isOver && !Task.isCancelled && !Task.isShuttingDownGracefully
    }

    private func isEntitled() async -> Bool {
        switch user.credential {
        case .session(let session):
            guard case .live(let now) = try? await sessions.touch(session.ticket, isActivity: false) else { return false }
            return now.user?.id == user.id
        case .token(let token): return (try? await tokens.isLive(token)) ?? false
        }
    }

    private func events(of news: FileWatch.News) async throws -> ByteBuffer {
        var buffer = ByteBuffer()
        if !news.changed.isEmpty {
            for file in try await catalog.find(owner: user.id, ids: news.changed) {
                Self.write("file", to: &buffer) { FileJSON.write(file, to: &$0) }
            }
        }
        for id in news.gone {
            Self.write("gone", to: &buffer) { json in json.object { $0.member("id", id.description) } }
        }
        return buffer
    }

    /// JSON as this module writes it has no line break, so one line holds it.
    private static func write(_ name: String, to buffer: inout ByteBuffer, _ data: (inout JSONWriter) -> Void) {
        var json = JSONWriter()
        data(&json)
        buffer.writeString("event: \(name)\ndata: ")
        buffer.writeImmutableBuffer(json.buffer)
        buffer.writeString("\n\n")
    }

    private static let sign = ByteBuffer(string: ": here\n\n")
}
