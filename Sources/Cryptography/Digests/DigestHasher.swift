import COpenSSL

/// The digests by which clients check what has arrived.
public enum DigestAlgorithm: String, Sendable, CaseIterable {
    case sha1, sha256, sha512, md5, crc32c

    /// The name by which OpenSSL knows it; nil for what it does not have.
    fileprivate var name: String? {
        switch self {
        case .sha1: "SHA1"
        case .sha256: "SHA2-256"
        case .sha512: "SHA2-512"
        case .md5: "MD5"
        case .crc32c: nil
        }
    }
}

/// Computes a digest of bytes that arrive in pieces.
///
/// Unchecked because the context pointer has exactly one owner (the value cannot be copied) and is used only in
/// `mutating` and `consuming` methods, which the compiler makes exclusive.
public struct DigestHasher: ~Copyable, @unchecked Sendable {
    /// Nil for the checksum that OpenSSL does not have.
    private let context: OpaquePointer?
    private var checksum = CRC32C()

    public init(_ algorithm: DigestAlgorithm) {
        guard let name = algorithm.name else {
            context = nil
            return
        }
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("EVP_MD_CTX_new: out of memory") }
        self.context = context
        guard let digest = EVP_MD_fetch(nil, name, nil) else { preconditionFailure("this OpenSSL has no \(name)") }
        // The context keeps what it needs of it.
        defer { EVP_MD_free(digest) }
        precondition(EVP_DigestInit_ex2(context, digest, nil) == 1, "EVP_DigestInit_ex2 failed")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Takes the next bytes. They are not kept.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        guard let context else { return checksum.update(bytes) }
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "EVP_DigestUpdate failed")
    }

    /// The digest of everything that was given to `update`; of a checksum the most significant byte first.
    public consuming func finish() -> [UInt8] {
        withExtendedLifetime(self) { hasher in
            guard let context = hasher.context else { return withUnsafeBytes(of: hasher.checksum.value.bigEndian) { Array($0) } }
            return [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
                var length: UInt32 = 0
                precondition(EVP_DigestFinal_ex(context, buffer.baseAddress, &length) == 1, "EVP_DigestFinal_ex failed")
                count = Int(length)
            }
        }
    }
}
