import Hummingbird
import NIOCore

extension Request {
    /// The whole body of a request whose body is small, after the client was told to send it.
    ///
    /// - Throws: `APIError.requestTooLarge` as soon as more has come.
    func collectBody(upTo limit: Int, on channel: any Channel) async throws -> ByteBuffer {
        try await Expectation.meet(self, on: channel)
        var collected = ByteBuffer()
        for try await bytes in body {
            guard collected.readableBytes + bytes.readableBytes <= limit else { throw APIError.requestTooLarge(limit: limit) }
            collected.writeImmutableBuffer(bytes)
        }
        return collected
    }
}
