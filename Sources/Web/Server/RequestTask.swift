import Hummingbird
import HummingbirdCore
import NIOCore
import Platform

/// Answers each request in a task of its own.
///
/// A connection has one task for as long as it is open: after a single request it would hold more than 40 KiB, and so would each of ten
/// thousand connections on which nothing happens.
struct RequestTask: Sendable {
    let responder: HTTPChannelHandler.Responder

    func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        try await OwnTask.run(handing: writer) { [responder] (writer: consuming ResponseWriter) in
            try await responder(request, writer, channel)
        }
    }
}
