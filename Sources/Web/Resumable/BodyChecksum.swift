import Cryptography
import NIOCore

/// Adds up the bytes of one request, to compare them with what the client has added up. For one task.
final class BodyChecksum {
    private let expected: UploadChecksum
    private var hasher: DigestHasher?

    init(_ expected: UploadChecksum) {
        self.expected = expected
        let algorithm: DigestAlgorithm =
            switch expected.algorithm {
            case .sha1: .sha1
            case .sha256: .sha256
            case .crc32c: .crc32c
            }
        hasher = DigestHasher(algorithm)
    }

    func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { hasher?.update($0) }
    }

    /// Whether the bytes are those that were meant. Ends the sum.
    func isRight() -> Bool {
        guard let hasher = hasher.take() else { return false }
        return hasher.finish() == expected.digest
    }
}
