import Hummingbird
import HummingbirdCore
import NIOCore

/// Answers each request in a task of its own.
///
/// A connection has one task for as long as it is open, and a task keeps the memory that its deepest call needed: after a single request
/// more than 40 KiB, which ten thousand connections on which nothing happens would each go on holding.
struct RequestTask: Sendable {
    let responder: HTTPChannelHandler.Responder

    func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let handed = HandedWriter(writer)
        async let answered: Void = responder(request, handed.take(), channel)
        try await answered
    }
}

/// What answers are written to, on its way from a connection's task to a request's.
///
/// Safe to send: it is made by the one task, which then does nothing but wait for the other, and that takes the writer once, at its
/// beginning.
private final class HandedWriter: @unchecked Sendable {
    private var writer: ResponseWriter?

    init(_ writer: consuming ResponseWriter) {
        self.writer = consume writer
    }

    func take() -> ResponseWriter {
        guard let taken = writer.take() else { preconditionFailure("a writer is taken once") }
        return taken
    }
}
