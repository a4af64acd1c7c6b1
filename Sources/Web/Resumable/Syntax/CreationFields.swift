package import HTTPTypes
package import Platform

/// What the head of a creation says about the new upload.
package struct CreationFields: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A file of its own; nil while its length is not known.
        case whole(length: Int64?)
        /// A part of one; nil as above.
        case part(length: Int64?)
        /// Made of parts that are there.
        case joined([UUIDv7])
    }

    package let kind: Kind
    package let metadata: UploadMetadata
    /// Of the body that came with it.
    package let checksum: UploadChecksum?

    package init(_ headers: HTTPFields) throws(UploadFieldError) {
        metadata = try UploadMetadata(headers[.uploadMetadata])
        checksum = try headers.uploadChecksum()
        let length = try headers.count(of: .length)
        let isDeferred = try Self.isDeferred(headers)
        var concat: UploadConcat?
        if let field = headers[.uploadConcat] { concat = try UploadConcat(field) }
        if case .final(let parts) = concat {
            guard length == nil else { throw UploadFieldError(.length, "What is made of parts has the length of its parts.") }
            guard !isDeferred else { throw UploadFieldError(.deferLength, "What is made of parts has the length of its parts.") }
            kind = .joined(parts)
            return
        }
        guard (length == nil) == isDeferred else {
            throw UploadFieldError(.length, "Either it or Upload-Defer-Length has to be there, and not both.")
        }
        kind = concat == .partial ? .part(length: length) : .whole(length: length)
    }

    private static func isDeferred(_ headers: HTTPFields) throws(UploadFieldError) -> Bool {
        guard let field = headers[.uploadDeferLength] else { return false }
        guard field == "1" else { throw UploadFieldError(.deferLength, "It has to be 1.") }
        return true
    }
}

/// What the head of a PATCH says about its bytes.
package struct AppendFields: Hashable, Sendable {
    /// Where they belong.
    package let offset: Int64
    /// Of the whole upload, where it was deferred and is known by now.
    package let length: Int64?
    /// Of these bytes.
    package let checksum: UploadChecksum?

    package init(_ headers: HTTPFields) throws(UploadFieldError) {
        guard let offset = try headers.count(of: .offset) else { throw UploadFieldError(.offset, "It has to be there.") }
        self.offset = offset
        length = try headers.count(of: .length)
        checksum = try headers.uploadChecksum()
    }
}

extension HTTPFields {
    fileprivate func uploadChecksum() throws(UploadFieldError) -> UploadChecksum? {
        let trailers = self[.trailer]?.utf8.split(separator: .comma) ?? []
        let isTrailer = trailers.contains { name in
            name.filter { !$0.isWhitespace }.lowercasedASCIIText == UploadField.checksum.rawValue.lowercased()
        }
        // No trailer reaches us; taken for a body without a checksum it would be one that nobody checks.
        guard !isTrailer else { throw UploadFieldError(.checksum, "It has to come before the body.") }
        guard let field = self[.uploadChecksum] else { return nil }
        return try UploadChecksum(field)
    }
}
