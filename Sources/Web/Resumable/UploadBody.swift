import HTTPTypes
import Hummingbird

/// What the head of a request says about the bytes behind it.
struct UploadBody {
    /// How many are announced; nil when they come in chunks.
    let count: Int64?

    /// - Throws: `APIError` for bytes of another type.
    init(_ request: Request) throws {
        // The parser has refused what is no number, and both kinds of framing at once.
        count =
            request.headers.contains(.transferEncoding) ? nil : request.headers[.contentLength].map { Int64($0) ?? .max } ?? 0
        guard count != 0 || request.method == .patch else { return }
        guard let type = request.headers[.contentType], try MediaType(type).essence == TusProtocol.contentType else {
            throw APIError.mediaType(expected: TusProtocol.contentType)
        }
    }

    /// Whether there is none.
    var isEmpty: Bool { count == 0 }

    /// - Throws: `APIError.fileTooLarge` when more is announced than there is room for.
    func check(fits room: Int64, limit: Int64) throws {
        if let count, count > room { throw APIError.fileTooLarge(limit: limit) }
    }
}
