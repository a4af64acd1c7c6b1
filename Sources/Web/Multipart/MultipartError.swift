/// Why a multipart body was refused.
///
/// Its description carries nothing that the peer sent.
package struct MultipartError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The content type is not `multipart/form-data`.
        case notFormData
        /// The content type is malformed or gives a parameter twice.
        case malformedContentType
        /// The content type names no boundary.
        case missingBoundary
        /// The boundary is empty, longer than 70 bytes, ends in a blank or holds a byte that none may hold.
        case malformedBoundary
        /// More bytes before the first boundary than the limit.
        case preambleTooLong
        /// Something other than a line end or `--` behind a boundary.
        case malformedDelimiter
        /// More parts than the limit.
        case tooManyParts
        /// More header fields in a part than the limit.
        case tooManyHeaders
        /// More bytes of header fields, or a longer parameter, than the limit.
        case headersTooLarge
        /// A header field that is not `name: value` on one line, or one that may occur once and occurs again.
        case malformedHeader
        /// A header field continued on a second line.
        case foldedHeader
        /// No `Content-Disposition: form-data` with a name.
        case missingName
        /// A field name longer than the limit.
        case nameTooLong
        /// A field name or file name that is not UTF-8.
        case invalidText
        /// A part that is itself a multipart body.
        case nestedMultipart
        /// A part that is encoded, for example in base64.
        case encodedPart
        /// More bytes in fields that are not files than the limit.
        case fieldsTooLarge
        /// The body ended before the last boundary.
        case truncated
    }

    package let code: Code
    /// What the parser of the field said, for the log.
    package let underlying: RequestSyntaxError?

    package init(_ code: Code, underlying: RequestSyntaxError? = nil) {
        self.code = code
        self.underlying = underlying
    }

    /// The HTTP status that answers it: 400, 413, 415 or 431.
    package var status: Int {
        switch code {
        case .notFormData: 415
        case .tooManyParts, .fieldsTooLarge: 413
        case .tooManyHeaders, .headersTooLarge: 431
        default: 400
        }
    }

    /// One sentence for the person who sent the request.
    package var message: String {
        switch code {
        case .notFormData: "The content type must be multipart/form-data."
        case .malformedContentType: "The content type is malformed."
        case .missingBoundary: "The content type names no boundary."
        case .malformedBoundary: "The boundary is malformed."
        case .preambleTooLong: "There is too much text before the first boundary."
        case .malformedDelimiter: "A boundary line is malformed."
        case .tooManyParts: "There are too many parts."
        case .tooManyHeaders: "A part has too many header fields."
        case .headersTooLarge: "The header fields of a part are too large."
        case .malformedHeader: "A header field of a part is malformed."
        case .foldedHeader: "A header field of a part is continued on a second line."
        case .missingName: "A part has no name."
        case .nameTooLong: "The name of a part is too long."
        case .invalidText: "The name of a part or file is not valid UTF-8."
        case .nestedMultipart: "A part is itself a multipart body."
        case .encodedPart: "A part has a transfer encoding."
        case .fieldsTooLarge: "The fields that are not files are too large."
        case .truncated: "The body ended before the last boundary."
        }
    }
}

extension MultipartError: CustomStringConvertible {
    package var description: String { underlying.map { "\(code.rawValue): \($0)" } ?? code.rawValue }
}
