import TestSupport
import Testing

/// Reads a stream of server-sent events.
struct EventReader: Sendable {
    let peer: Peer
    let head: Answer

    init(_ browser: Browser, _ more: [String] = []) async throws {
        peer = try await browser.server.connect()
        let call = HTTPCall("GET", "/api/v1/events", browser.fields(["Accept: text/event-stream"] + more))
        try await peer.send(call.bytes)
        head = try await peer.receiveHead()
    }

    /// The next event or sign of life, without the empty line behind it.
    func next() async throws -> String { try await peer.receiveChunk() }

    /// The next event, signs of life passed over.
    func event() async throws -> String {
        while true {
            let text = try await next()
            if !text.hasPrefix(":") { return text }
        }
    }

    func close() async { await peer.close() }
}
