import Cryptography
public import Platform

/// The key of all that is computed instead of stored: login codes, reset tokens, names and letters of captchas, the tokens that forms
/// repeat, the names of what was typed.
///
/// The same in all processes. With another key what is on its way (codes of five minutes, links of half an hour) is worth nothing.
public struct SignInKey: Sendable {
    /// Below it the key would be easier to guess than a session.
    public static let leastByteCount = 32

    private let codes: [UInt8]
    private let resets: [UInt8]
    private let captchas: [UInt8]
    private let captchaNames: [UInt8]
    private let csrf: [UInt8]
    private let lanes: [UInt8]

    /// - Returns: nil when the secret has fewer than 32 bytes.
    public init?(_ secret: Secret) {
        let key = Array(secret.reveal().utf8)
        guard key.count >= Self.leastByteCount else { return nil }
        codes = key
        resets = HMACSHA256.code(for: Array("password resets".utf8), key: key).bytes
        captchas = HMACSHA256.code(for: Array("captchas".utf8), key: key).bytes
        captchaNames = HMACSHA256.code(for: Array("captcha names".utf8), key: key).bytes
        csrf = HMACSHA256.code(for: Array("csrf".utf8), key: key).bytes
        lanes = HMACSHA256.code(for: Array("lanes".utf8), key: key).bytes
    }

    /// The six digits of a challenge.
    func code(of id: LoginChallengeID, nonce: [UInt8], user: UserID) -> LoginCode {
        LoginCode(HMACSHA256.code(for: Self.message(id.description, nonce, user), key: codes))
    }

    /// The token of a reset; a reset for nobody has one as well.
    func token(of id: PasswordResetID, nonce: [UInt8], user: UserID?) -> OpaqueToken {
        OpaqueToken(bytes: HMACSHA256.code(for: Self.message(id.description, nonce, user), key: resets).bytes)
    }

    /// What decides the letters and the look of a captcha.
    func picture(of id: CaptchaID) -> SHA256Digest {
        HMACSHA256.code(for: Array(id.description.utf8), key: captchas)
    }

    /// By which a name of a captcha can be told from any other text, and from that of another session. Parts of a name have one length.
    func code(ofCaptcha body: some Collection<UInt8>, session: SHA256Digest) -> SHA256Digest {
        HMACSHA256.code(for: session.bytes + body, key: captchaNames)
    }

    /// The token that forms in a session repeat. That of a stranger belongs to the end in the cookie as well, which nothing else vouches
    /// for; with its mark it is longer than any identifier, so that the two never have the same message.
    func csrfToken(of ticket: SessionTicket) -> Secret {
        let text = ticket.stage == .stranger ? ticket.cookie : ticket.identifier.reveal()
        return Secret(Base64URL.encode(HMACSHA256.code(for: Array(text.utf8), key: csrf).bytes))
    }

    /// What throttles know a typed text by, whatever its case. It may be a password in the wrong field: without the key nobody can try
    /// which one.
    func lane(of text: String) -> SHA256Digest {
        HMACSHA256.code(for: Array(text.lowercased().utf8), key: lanes)
    }

    /// Id and nonce have one length each, so that no two rows have the same message.
    private static func message(_ id: String, _ nonce: [UInt8], _ user: UserID?) -> [UInt8] {
        Array(id.utf8) + nonce + Array((user?.description ?? "").utf8)
    }
}

extension SignInKey: CustomStringConvertible {
    public var description: String { "[secret]" }
}
