import Cryptography

/// The name of a captcha, for its addresses: 128 random bits, worth nothing in another session.
public struct CaptchaID: Sendable, Hashable, LosslessStringConvertible {
    public let description: String

    init() {
        description = RandomBytes.token(byteCount: 16)
    }

    /// - Returns: nil for what cannot be one.
    public init?(_ description: String) {
        guard description.utf8.count == 22, Base64URL.decode(description)?.count == 16 else { return nil }
        self.description = description
    }
}

/// What a captcha shows and says. Computed from its name and the key, so that any process can draw it and no store knows it.
public struct CaptchaChallenge: Sendable {
    public static let length = 5
    /// Capital letters that neither look nor sound like another when they are distorted.
    public static let alphabet = Array("ABCDEFHJKLMNPRSTUWXY")

    public let id: CaptchaID
    /// Five letters of the alphabet.
    public let letters: String
    /// Decides all that is random in image and sound: the same captcha looks the same whoever draws it.
    public let seed: UInt64

    init(id: CaptchaID, key: SignInKey) {
        let bytes = key.picture(of: id).bytes
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        var number = word(0..<8)
        let base = UInt64(Self.alphabet.count)
        var letters = ""
        for _ in 0..<Self.length {
            letters.append(Self.alphabet[Int(number % base)])
            number /= base
        }
        self.id = id
        self.letters = letters
        seed = word(8..<16)
    }

    /// Whether a text is the answer, in either case, blanks around it aside.
    func isAnswered(by text: String) -> Bool {
        guard text.utf8.count <= 64 else { return false }
        return ConstantTime.areEqual(String(decoding: UserText.trimmed(text), as: UTF8.self).uppercased(), letters)
    }
}

extension CaptchaChallenge: CustomStringConvertible {
    /// Without the letters.
    public var description: String { "captcha" }
}
