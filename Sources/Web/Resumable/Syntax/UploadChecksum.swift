/// What the bytes of one request have to add up to: an Upload-Checksum field.
package struct UploadChecksum: Hashable, Sendable {
    /// In the order in which they are announced.
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha1, sha256, crc32c

        package var byteCount: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            case .crc32c: 4
            }
        }
    }

    package let algorithm: Algorithm
    package let digest: [UInt8]

    /// Reads the value of the field: the name of an algorithm in lower case, one blank, and base64.
    package init(_ field: String) throws(UploadFieldError) {
        let bytes = Array(field.utf8)
        let name = bytes.prefix { $0 != .space }
        guard bytes.count <= 128, !name.isEmpty, name.allSatisfy(\.isTokenCharacter),
            let digest = Base64.decode(bytes.dropFirst(name.count + 1)), !digest.isEmpty
        else { throw UploadFieldError(.checksum, "It has to be the name of an algorithm, a blank, and the digest in base64.") }
        guard let algorithm = Algorithm(rawValue: String(decoding: name, as: UTF8.self)) else {
            throw UploadFieldError(.checksum, "Its algorithm has to be one of those that OPTIONS names.", isUnsupported: true)
        }
        guard digest.count == algorithm.byteCount else { throw UploadFieldError(.checksum, "The digest has another length.") }
        self.algorithm = algorithm
        self.digest = digest
    }
}
