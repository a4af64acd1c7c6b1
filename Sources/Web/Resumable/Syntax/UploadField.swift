package import HTTPTypes

/// A field of a tus request (version 1.0.0) that is read here.
package enum UploadField: String, Hashable, Sendable, CaseIterable {
    case offset = "Upload-Offset"
    case length = "Upload-Length"
    case deferLength = "Upload-Defer-Length"
    case metadata = "Upload-Metadata"
    case checksum = "Upload-Checksum"
    case concat = "Upload-Concat"
    case methodOverride = "X-HTTP-Method-Override"

    package var name: HTTPField.Name {
        switch self {
        case .offset: .uploadOffset
        case .length: .uploadLength
        case .deferLength: .uploadDeferLength
        case .metadata: .uploadMetadata
        case .checksum: .uploadChecksum
        case .concat: .uploadConcat
        case .methodOverride: .methodOverride
        }
    }
}

extension HTTPField.Name {
    package static let uploadOffset = Self("Upload-Offset")!
    package static let uploadLength = Self("Upload-Length")!
    package static let uploadDeferLength = Self("Upload-Defer-Length")!
    package static let uploadMetadata = Self("Upload-Metadata")!
    package static let uploadChecksum = Self("Upload-Checksum")!
    package static let uploadConcat = Self("Upload-Concat")!
    package static let methodOverride = Self("X-HTTP-Method-Override")!
}

/// A field of a tus request that cannot be read, or that does not go with the others.
package struct UploadFieldError: Error, Hashable, Sendable {
    package let field: UploadField
    /// One sentence for the person who sent the request, with nothing of what was sent.
    package let message: String
    /// Whether it is well formed and names an algorithm that is not there.
    package let isUnsupported: Bool

    package init(_ field: UploadField, _ message: String, isUnsupported: Bool = false) {
        self.field = field
        self.message = message
        self.isUnsupported = isUnsupported
    }
}

extension HTTPFields {
    /// The value of a field that is a count of bytes: one to nineteen decimal digits, nothing around them, at most 2⁶³ - 1.
    ///
    /// - Returns: nil where the field is absent.
    package func count(of field: UploadField) throws(UploadFieldError) -> Int64? {
        // Two fields of a name are joined by a comma, which is no digit.
        guard let text = self[field.name] else { return nil }
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit), let count = Int64(text) else {
            throw UploadFieldError(field, "It has to be a whole number of bytes in decimal digits, below 2⁶³.")
        }
        return count
    }
}
