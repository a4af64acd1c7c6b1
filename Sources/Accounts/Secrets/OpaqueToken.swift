public import Cryptography
import Platform

/// 256 random bits that stand for a session, a browser or the right to set a password: base64url, 43 characters.
///
/// Stores hold the SHA-256 only; with so many random bits a fast digest is as good as a slow one.
public struct OpaqueToken: Sendable, Hashable {
    private let secret: Secret
    /// What stores know it by.
    public let digest: SHA256Digest

    /// A new one.
    public init() {
        self.init(bytes: RandomBytes.make(32))
    }

    /// - Returns: nil for what cannot be a token, so that garbage costs no query.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 43, let bytes = Base64URL.decode(text), bytes.count == 32 else { return nil }
        self.init(bytes: bytes)
    }

    init(bytes: [UInt8]) {
        let text = Base64URL.encode(bytes)
        secret = Secret(text)
        digest = SHA256Hasher.digest(of: Array(text.utf8))
    }

    /// The text, for a cookie or a link and for nothing else.
    public func reveal() -> String { secret.reveal() }
}

extension OpaqueToken: CustomStringConvertible {
    /// Safe to log: the first digits of the digest.
    public var description: String { "token \(digest.description.prefix(8))…" }
}
