/// The letters that a captcha asks for: always five of its alphabet, so whoever has one can draw and speak it.
///
/// It is a secret until it is answered: `description` hides it, and there is no `==`, because answers are compared in
/// constant time, as codes under a key.
public struct CaptchaText: Sendable, CustomStringConvertible {
    /// How many letters a text has.
    public static let length = 5

    /// Thirteen letters: 371,293 texts, more than enough where each has one try.
    ///
    /// No vowels, so that no words come out; and of letters that look alike when they are bent and crossed out (C and G, E
    /// and F, I and L, M and N, P and R, U and V, X and Y) one at most.
    public static let alphabet = "CFHJKLMPSTVXZ"

    /// The letters in upper case. Not for logs.
    public let letters: String

    private init(letters: String) {
        self.letters = letters
    }

    /// The text that a number stands for. Of numbers that nobody can tell come texts that nobody can tell.
    init(number: UInt64) {
        let letters = Array(Self.alphabet.utf8)
        var rest = number
        let drawn = (0..<Self.length).map { _ in
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: UInt64(letters.count))
            rest = quotient
            return letters[Int(remainder)]
        }
        self.init(letters: String(decoding: drawn, as: UTF8.self))
    }

    /// A text from the system's generator.
    public static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// A text from a generator, whose numbers nobody outside may be able to tell.
    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let letters = Array(alphabet.utf8)
        let drawn = (0..<length).map { _ in letters[Int.random(in: letters.indices, using: &generator)] }
        return Self(letters: String(decoding: drawn, as: UTF8.self))
    }

    /// Reads what a person typed: either case, blanks or hyphens anywhere, as some spell letters apart, and what the picture
    /// never shows for the letter that looks like it.
    ///
    /// - Returns: nil when that is not five letters of the alphabet, which is then a wrong answer like any other.
    public init?(typed: some StringProtocol) {
        guard typed.utf8.count <= Self.longestInput else { return nil }
        var letters: [UInt8] = []
        for byte in typed.utf8 where !Self.spacers.utf8.contains(byte) {
            let letter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 0x20 : byte
            letters.append(Self.meant[letter] ?? letter)
        }
        guard letters.count == Self.length, letters.allSatisfy(Self.alphabet.utf8.contains) else { return nil }
        self.init(letters: String(decoding: letters, as: UTF8.self))
    }

    public var description: String { "a captcha's text" }

    /// Longer input is no answer, however many blanks it has.
    private static let longestInput = 64
    private static let spacers = " \t\r\n-"

    /// For characters outside the alphabet the letter that somebody sees them in.
    private static let meant: [UInt8: UInt8] = [
        UInt8(ascii: "E"): UInt8(ascii: "F"), UInt8(ascii: "G"): UInt8(ascii: "C"), UInt8(ascii: "N"): UInt8(ascii: "M"),
        UInt8(ascii: "R"): UInt8(ascii: "P"), UInt8(ascii: "U"): UInt8(ascii: "V"), UInt8(ascii: "Y"): UInt8(ascii: "X"),
        UInt8(ascii: "2"): UInt8(ascii: "Z"), UInt8(ascii: "5"): UInt8(ascii: "S"),
    ]
}
