import Files
import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /files/{id}/content`: staged bytes are sent from here, stored ones by nginx.
struct ContentHandler {
    let list: ListHandlers
    let staging: StagingArea
    /// The internal location of nginx that holds the FTP root, with both slashes.
    let accelPrefix: String

    func get(_ request: Request, context: UserContext) async throws -> Response {
        let file = try await list.find(context)
        if file.state == .stored { return try stored(file, request) }
        if let bytes = try await staging.open(file) {
            // What is erased from a pack reads as zeros: the bytes are the file's only if it is still there after they were read.
            if bytes.isShared {
                try await bytes.load(file.size)
                _ = try await list.find(context)
            }
            return try staged(file, bytes, request)
        }
        // The worker stored the file and removed its bytes between the two looks.
        let again = try await list.find(context)
        guard again.state == .stored else { throw APIError.unavailable }
        return try stored(again, request)
    }

    /// Hands over to nginx (X-Accel-Redirect), which answers ranges and conditions itself. Of several ranges it would send the whole file,
    /// so those are refused here, as for staged bytes; whether they count at all under `If-Range` only nginx knows.
    private func stored(_ file: FileRecord, _ request: Request) throws -> Response {
        let range = ByteRange(request.headers[.ifRange] == nil ? request.headers[.range] : nil, size: file.size)
        guard range != .unsatisfiable else { throw APIError.badRange(size: file.size) }
        var headers = Self.headers(of: file)
        headers[.accelRedirect] = accelPrefix + file.key
        return Response(status: .ok, headers: headers)
    }

    private func staged(_ file: FileRecord, _ bytes: StagedFile, _ request: Request) throws -> Response {
        var headers = Self.headers(of: file)
        headers[.acceptRanges] = "bytes"
        headers[.eTag] = Self.entityTag(of: file)
        let wanted = Self.isRangeCurrent(request, file) ? request.headers[.range] : nil
        let range = ByteRange(wanted, size: file.size)
        headers[.contentRange] = range.contentRange(size: file.size)
        switch range {
        case .whole:
            return Response(status: .ok, headers: headers, body: body(bytes, 0..<file.size, request.method))
        case .part(let range):
            return Response(status: .partialContent, headers: headers, body: body(bytes, range, request.method))
        case .unsatisfiable:
            throw APIError.badRange(size: file.size)
        }
    }

    private func body(_ bytes: StagedFile, _ range: Range<Int64>, _ method: HTTPRequest.Method) -> ResponseBody {
        ResponseBody(contentLength: Int(range.upperBound - range.lowerBound)) { writer in
            if method != .head {
                var position = range.lowerBound
                while position < range.upperBound {
                    let piece = try await bytes.read(at: position, upTo: Int(min(range.upperBound - position, 256 << 10)))
                    try await writer.write(piece)
                    position += Int64(piece.readableBytes)
                }
            }
            try await writer.finish(nil)
        }
    }

    /// `If-Range` (RFC 9110, section 13.1.5): a range of another version is worth nothing.
    private static func isRangeCurrent(_ request: Request, _ file: FileRecord) -> Bool {
        request.headers[.ifRange].map { $0 == entityTag(of: file) } ?? true
    }

    private static func entityTag(of file: FileRecord) -> String { "\"\(file.sha256)\"" }

    /// A file is data, never a page of ours: attachment, no sniffing, sandbox (H41).
    private static func headers(of file: FileRecord) -> HTTPFields {
        var headers = HTTPFields()
        headers[.contentType] = file.contentType
        headers[.contentDisposition] = ContentDisposition(attachment: file.name).value
        headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        headers[.cacheControl] = "private, no-store"
        // Of the whole file, whatever range is asked for (RFC 9530).
        headers[.reprDigest] = DigestFields.value(file.sha256)
        return headers
    }
}

extension HTTPField.Name {
    static let accelRedirect = Self("X-Accel-Redirect")!
}
