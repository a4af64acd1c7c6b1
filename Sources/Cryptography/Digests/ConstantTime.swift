import COpenSSL

/// Comparison of secrets.
public enum ConstantTime {
    /// Whether two byte strings are equal, in a time that depends on their length only.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Whether the UTF-8 bytes of two strings are equal, in a time that depends on their length only.
    public static func areEqual(_ left: String, _ right: String) -> Bool {
        areEqual(Array(left.utf8), Array(right.utf8))
    }
}
