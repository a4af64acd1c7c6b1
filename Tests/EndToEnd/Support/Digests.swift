import Cryptography
import Foundation

/// SHA-256, as hexadecimal text.
enum Digests {
    static func of(_ bytes: [UInt8]) -> String {
        SHA256Hasher.digest(of: bytes).description
    }

    /// Of a file of any size, a piece at a time.
    static func of(fileAt path: String) throws -> String {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        var hasher = SHA256Hasher()
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finish().description
    }
}
