import Cryptography
import FoundationEssentials

/// The name of a captcha, for its addresses: when it expires, 80 random bits, and a code under the key over both and the session.
///
/// So no store has to know which captchas there are: whoever has the key tells a name of ours, in its session and its time, from any
/// other text.
public struct CaptchaID: Sendable, Hashable, LosslessStringConvertible {
    private static let expiryCount = 4
    private static let nonceCount = 10
    private static let codeCount = 16
    private static let byteCount = expiryCount + nonceCount + codeCount

    public let description: String
    private let bytes: [UInt8]

    init(for session: SHA256Digest, until end: Date, key: SignInKey) {
        let seconds = UInt32(clamping: Int64(end.timeIntervalSince1970))
        let body =
            (0..<Self.expiryCount).reversed().map { UInt8(truncatingIfNeeded: seconds >> (8 * $0)) } + RandomBytes.make(Self.nonceCount)
        bytes = body + key.code(ofCaptcha: body, session: session).bytes.prefix(Self.codeCount)
        description = Base64URL.encode(bytes)
    }

    /// - Returns: nil for what cannot be one.
    public init?(_ description: String) {
        guard description.utf8.count == Self.byteCount / 3 * 4, let bytes = Base64URL.decode(description), bytes.count == Self.byteCount
        else { return nil }
        self.bytes = bytes
        self.description = description
    }

    /// When it counts no more.
    var end: Date {
        let seconds = bytes.prefix(Self.expiryCount).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Date(timeIntervalSince1970: Double(seconds))
    }

    /// Whether it was made with this key for this session.
    func isGenuine(for session: SHA256Digest, key: SignInKey) -> Bool {
        let code = key.code(ofCaptcha: bytes.prefix(Self.expiryCount + Self.nonceCount), session: session)
        return ConstantTime.areEqual(Array(bytes.suffix(Self.codeCount)), Array(code.bytes.prefix(Self.codeCount)))
    }
}
