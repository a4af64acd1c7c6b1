import Cryptography
public import FoundationEssentials
import Platform

/// What is known about an API token; the token itself is not.
public struct APIToken: Sendable, Hashable, Identifiable {
    public let id: Int64
    /// Chosen by the user.
    public let name: String
    public let scopes: Set<TokenScope>
    public let createdAt: Date
    /// To the minute.
    public let lastUsedAt: Date?
    public let expiresAt: Date?
}

/// The text of tokens: `slc_` and 256 random bits in base64url, 47 characters in all.
enum TokenText {
    static let prefix = "slc_"
    static let byteCount = prefix.utf8.count + 43

    static func make() -> Secret {
        Secret(prefix + RandomBytes.token())
    }

    /// Nil for what cannot be a token, so that garbage costs neither a digest nor a query.
    static func digest(of text: String) -> SHA256Digest? {
        guard text.utf8.count == byteCount, text.hasPrefix(prefix) else { return nil }
        return SHA256Hasher.digest(of: Array(text.utf8))
    }
}
