import Testing

/// A file of 1000 bytes on its way, byte by byte, which has been let in.
struct SlowUpload {
    let peer: Peer
    private let sent = Recorder<UInt8>()

    init(_ browser: Browser) async throws {
        try await self.init(browser.server, browser.fields(["X-CSRF-Token: \(browser.csrf)"]))
    }

    init(_ server: WebServer, _ fields: [String]) async throws {
        peer = try await server.connect()
        try await peer.send(HTTPCall("PUT", "/api/v1/files/slow", fields + ["Content-Length: 1000", "Expect: 100-continue"]).head)
        let word = try await peer.receive()
        #expect(word.status == 100)
        try await next()
    }

    /// - Returns: the answer, if one comes before it is time to stop.
    func goOn(for duration: Duration) async throws -> Answer? {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            guard await peer.isQuiet(for: 100) else { return try await peer.receive() }
            try? await next()
        }
        return nil
    }

    func finish() async throws -> Answer {
        try await peer.send(String(repeating: "x", count: 1000 - sent.all.count))
        return try await peer.receive()
    }

    private func next() async throws {
        try await peer.send("x")
        sent.record(UInt8(ascii: "x"))
    }
}
