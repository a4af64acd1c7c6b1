import Cryptography

/// What a browser keeps of a session: its identifier, and when it will have ended in any case.
///
/// The time is a hint, by which a page can say which limit ended a session that is gone. It grants nothing.
public struct SessionTicket: Sendable, Hashable {
    let identifier: OpaqueToken
    /// Unix seconds.
    let end: Int64

    init(identifier: OpaqueToken, end: Int64) {
        self.identifier = identifier
        self.end = end
    }

    /// - Returns: nil for what no cookie of ours can be.
    public init?(cookie: some StringProtocol) {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let identifier = OpaqueToken(parts[0]), parts[1].utf8.count <= 12, let end = Int64(parts[1]) else {
            return nil
        }
        self.init(identifier: identifier, end: end)
    }

    /// The value of the cookie: the one place where the identifier leaves this process.
    public var cookie: String { "\(identifier.reveal()).\(end)" }

    var digest: SHA256Digest { identifier.digest }
}

extension SessionTicket: CustomStringConvertible {
    /// Safe to log.
    public var description: String { "session \(digest.description.prefix(8))…" }
}
