import Cryptography

/// What a captcha shows and says. Computed from its name and the key, so that any process can draw it and no store knows it.
public struct CaptchaChallenge: Sendable {
    public let id: CaptchaID
    /// What the picture shows and the voice spells.
    public let text: CaptchaText
    /// Decides all that is random in image and sound: the same captcha looks the same whoever draws it.
    public let seed: UInt64

    init(id: CaptchaID, key: SignInKey) {
        let bytes = key.picture(of: id).bytes
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.id = id
        text = CaptchaText(number: word(0..<8))
        seed = word(8..<16)
    }

    /// The letters of the text.
    public var letters: String { text.letters }

    /// Whether a text is the answer, as people write it.
    func isAnswered(by typed: String) -> Bool {
        guard let answer = CaptchaText(typed: typed) else { return false }
        return ConstantTime.areEqual(answer.letters, letters)
    }
}

extension CaptchaChallenge: CustomStringConvertible {
    /// Without the letters.
    public var description: String { "captcha" }
}
