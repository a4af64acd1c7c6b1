import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// The authentication code of `message` under `key`.
    ///
    /// - Precondition: the key is not empty; a keyless code authenticates nothing.
    public static func code(for message: [UInt8], key: [UInt8]) -> SHA256Digest {
        precondition(!key.isEmpty, "an HMAC needs a key")
        var output = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        var count = 0
        let done = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &output, output.count, &count)
        guard done != nil, count == output.count, let code = SHA256Digest(bytes: output) else {
            preconditionFailure("EVP_Q_mac failed")
        }
        return code
    }
}
