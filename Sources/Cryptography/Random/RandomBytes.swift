import COpenSSL

/// Unpredictable bytes from OpenSSL's generator, which the kernel seeds.
public enum RandomBytes {
    /// - Precondition: `count` is not negative.
    /// - Note: Traps when the generator fails: there is no safe way to go on without randomness.
    public static func make(_ count: Int) -> [UInt8] {
        precondition(count >= 0 && count <= Int(Int32.max), "cannot make \(count) random bytes")
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            precondition(count == 0 || RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "RAND_bytes failed")
            initialized = count
        }
    }

    /// A random token as base64url text.
    ///
    /// - Parameter byteCount: at least 16 bytes (128 bits, OWASP ASVS 11.5.1); 32 unless there is a reason.
    public static func token(byteCount: Int = 32) -> String {
        precondition(byteCount >= 16, "a token needs 128 bits")
        return Base64URL.encode(make(byteCount))
    }
}
