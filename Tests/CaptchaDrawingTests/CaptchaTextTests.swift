import Accounts
import Testing

@Suite("Captcha texts")
struct CaptchaTextTests {
    @Test("five letters, drawn evenly from the alphabet")
    func random() {
        var counts: [Character: Int] = [:]
        for _ in 0..<2600 {
            let letters = CaptchaText.random().letters
            #expect(letters.count == CaptchaText.length)
            for letter in letters { counts[letter, default: 0] += 1 }
        }
        #expect(Set(counts.keys) == Set(CaptchaText.alphabet))
        // 1,000 of each are expected; ten standard deviations are 304.
        #expect(counts.values.allSatisfy { (696...1304).contains($0) })
    }

    @Test("the same numbers give the same text")
    func repeatable() {
        var first = Countdown()
        var second = Countdown()
        #expect(CaptchaText.random(using: &first).letters == CaptchaText.random(using: &second).letters)
    }

    @Test("no letter of the alphabet looks like another one")
    func alphabet() {
        #expect(Set(CaptchaText.alphabet).count == CaptchaText.alphabet.count)
        for alike in ["CG", "DO", "OQ", "EF", "IL", "IJ", "MN", "MW", "PR", "BP", "BR", "UV", "VW", "VY", "XY"] {
            #expect(alike.count(where: CaptchaText.alphabet.contains) <= 1, "\(alike)")
        }
        #expect(!CaptchaText.alphabet.contains(where: "AEIOU0123456789".contains))
    }

    @Test(
        "either case, blanks and hyphens, and a letter for the one it looks like",
        arguments: [
            ("CFHJK", "CFHJK"), ("cfhjk", "CFHJK"), (" cF hJ\tk\r\n", "CFHJK"), ("c-f-h-j-k", "CFHJK"), ("GENRU", "CFMPV"),
            ("y25xx", "XZSXX"), (String(repeating: " ", count: 59) + "LMPST", "LMPST"),
        ])
    func typed(typed: String, letters: String) throws {
        #expect(try #require(CaptchaText(typed: typed)).letters == letters)
    }

    @Test(
        "what is not five letters is no answer",
        arguments: [
            "", " ", "CFHJ", "CFHJKL", "CFHJ\0", "CFHJA", "CFHJ9", "CFHJ\u{301}", "ＣＦＨＪＫ", "СFHJK", "CFH\u{200B}JK", "CFHJ\u{1F512}",
            String(repeating: " ", count: 60) + "LMPST", String(repeating: "C", count: 1_000_000), String(repeating: " ", count: 1_000_000),
        ])
    func refused(typed: String) {
        #expect(CaptchaText(typed: typed) == nil)
    }

    @Test("a text does not show itself")
    func hidden() {
        let text = CaptchaText.random()
        #expect(!"\(text)".contains(text.letters))
    }

    private struct Countdown: RandomNumberGenerator {
        var rest: UInt64 = 1 << 63

        mutating func next() -> UInt64 {
            rest = rest &* 6_364_136_223_846_793_005 &- 1
            return rest
        }
    }
}
