import COpenSSL

/// Computes a SHA-256 digest (FIPS 180-4) of bytes that arrive in pieces.
///
/// Unchecked because the context pointer has exactly one owner (the value cannot be copied) and is used only in
/// `mutating` and `consuming` methods, which the compiler makes exclusive.
public struct SHA256Hasher: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    public init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("EVP_MD_CTX_new: out of memory") }
        self.context = context
        precondition(EVP_DigestInit_ex2(context, SHA256Algorithm.shared.handle, nil) == 1, "EVP_DigestInit_ex2 failed")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Takes the next bytes. They are not kept.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "EVP_DigestUpdate failed")
    }

    /// The digest of everything that was given to `update`.
    public consuming func finish() -> SHA256Digest {
        withExtendedLifetime(self) { hasher in
            let context = hasher.context
            return SHA256Algorithm.digest { EVP_DigestFinal_ex(context, $0, $1) }
        }
    }

    /// The digest of bytes that are all there, without the cost of a context that lives on.
    public static func digest(of bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        SHA256Algorithm.digest { EVP_Digest(bytes.baseAddress, bytes.count, $0, $1, SHA256Algorithm.shared.handle, nil) }
    }

    /// The digest of an array of bytes.
    public static func digest(of bytes: [UInt8]) -> SHA256Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }
}

/// OpenSSL's implementation of SHA-256, looked up once: a lookup by every context costs more than hashing 1 KiB.
///
/// Unchecked because a fetched `EVP_MD` is immutable and reference-counted by OpenSSL, which documents it as usable
/// from all threads (EVP_MD_fetch(3)); it is never freed.
private struct SHA256Algorithm: @unchecked Sendable {
    static let shared = SHA256Algorithm()
    let handle: OpaquePointer

    private init() {
        guard let handle = EVP_MD_fetch(nil, "SHA2-256", nil) else { preconditionFailure("this OpenSSL has no SHA-256") }
        self.handle = handle
    }

    static func digest(_ body: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt32>) -> Int32) -> SHA256Digest {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SHA256Digest.byteCount) { buffer in
            var count: UInt32 = 0
            guard let start = buffer.baseAddress, body(start, &count) == 1, count == SHA256Digest.byteCount,
                let digest = SHA256Digest(bytes: buffer)
            else { preconditionFailure("SHA-256 failed") }
            return digest
        }
    }
}
