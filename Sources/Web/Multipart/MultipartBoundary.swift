/// The boundary of a multipart body (RFC 2046, section 5.1.1), checked.
package struct MultipartBoundary: Hashable, Sendable {
    /// The longest boundary that RFC 2046 allows, in bytes.
    package static let maximumLength = 70

    package let bytes: [UInt8]

    /// Finds the boundary in the value of a Content-Type field, before anything of the body is read.
    ///
    /// - Throws: `.notFormData` (415) for another type; 400 if the boundary is missing, given twice or malformed.
    package init(contentType: String) throws(MultipartError) {
        let type: MediaType
        do throws(RequestSyntaxError) {
            type = try MediaType(contentType)
        } catch {
            throw MultipartError(.malformedContentType, underlying: error)
        }
        guard type.essence == "multipart/form-data" else { throw MultipartError(.notFormData) }
        guard let boundary = type["boundary"] else { throw MultipartError(.missingBoundary) }
        try self.init(boundary)
    }

    /// Every byte stands for itself. Allowed are RFC 2046's characters and, as some clients use them, all others of an
    /// HTTP token; no quote, no backslash, no blank at the end.
    package init(_ text: String) throws(MultipartError) {
        let bytes = Array(text.utf8.prefix(Self.maximumLength + 1))
        guard !bytes.isEmpty, bytes.count <= Self.maximumLength, bytes.last != .space, bytes.allSatisfy(Self.isAllowed) else {
            throw MultipartError(.malformedBoundary)
        }
        self.bytes = bytes
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        if byte.isTokenCharacter { return true }
        switch byte {
        case .space, UInt8(ascii: "("), UInt8(ascii: ")"), .comma, .slash, .colon, .equals, UInt8(ascii: "?"): return true
        default: return false
        }
    }
}
