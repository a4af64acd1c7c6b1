import Cryptography

extension UploadChecksum {
    /// The field, among others that a body is compared with.
    static let field = "Upload-Checksum"

    var member: DigestFields.Member {
        let algorithm: DigestAlgorithm =
            switch algorithm {
            case .sha1: .sha1
            case .sha256: .sha256
            case .crc32c: .crc32c
            }
        return DigestFields.Member(field: Self.field, algorithm: algorithm, digest: digest)
    }
}
