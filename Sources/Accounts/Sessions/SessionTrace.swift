import Cryptography

/// By what an upload under way finds the session that has let it in, which may get another identifier meanwhile. It opens nothing:
/// requests have tickets.
public struct SessionTrace: Sendable {
    /// Of the identifier that was known last.
    var digest: SHA256Digest
    /// Unix seconds: the absolute end.
    let end: Int64

    public init(_ session: Session) {
        (digest, end) = (session.ticket.digest, session.ticket.end)
    }
}
