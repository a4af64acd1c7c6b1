import Hummingbird
import NIOCore

/// A body whose end is reached only if its bytes are those that were meant.
struct VerifiedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let digests: BodyDigests

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var body: RequestBody.AsyncIterator
        fileprivate let digests: BodyDigests

        mutating func next() async throws -> ByteBuffer? {
            guard let bytes = try await body.next() else {
                try await digests.verify()
                return nil
            }
            try await digests.take(bytes)
            return bytes
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), digests: digests)
    }
}
