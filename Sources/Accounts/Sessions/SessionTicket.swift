import Cryptography

/// What a browser keeps of a session: its identifier, when it will have ended in any case, and how far signing in has come.
///
/// Of a session in Redis the last two are hints, by which a page can say which limit ended a session that is gone, and to whom; they
/// grant nothing. Of a stranger's session there is nothing else.
public struct SessionTicket: Sendable, Hashable {
    /// How far signing in has come; the raw value is the end of the cookie.
    enum Stage: String, CaseIterable {
        case stranger = "-"
        case awaitingCode = "~"
        case signedIn = ""
    }

    let identifier: OpaqueToken
    /// Unix seconds.
    let end: Int64
    let stage: Stage

    init(identifier: OpaqueToken, end: Int64, stage: Stage) {
        self.identifier = identifier
        self.end = end
        self.stage = stage
    }

    /// - Returns: nil for what no cookie of ours can be.
    public init?(cookie: some StringProtocol) {
        let text = Substring(cookie).utf8
        let stage = Stage.allCases.first { $0 != .signedIn && $0.rawValue.utf8.first == text.last } ?? .signedIn
        let parts = Substring(text.dropLast(stage.rawValue.utf8.count)).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let identifier = OpaqueToken(parts[0]), parts[1].utf8.count <= 12,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let end = Int64(parts[1])
        else { return nil }
        self.init(identifier: identifier, end: end, stage: stage)
    }

    /// The value of the cookie: the one place where the identifier leaves this process.
    public var cookie: String { "\(identifier.reveal()).\(end)\(stage.rawValue)" }

    /// Whether somebody has signed in with it: who never was in is not told of being logged out.
    public var isMember: Bool { stage == .signedIn }

    /// Whether it is of nobody, and in no store.
    public var isStranger: Bool { stage == .stranger }

    var digest: SHA256Digest { identifier.digest }
}

extension SessionTicket: CustomStringConvertible {
    /// Safe to log.
    public var description: String { "session \(digest.description.prefix(8))…" }
}
