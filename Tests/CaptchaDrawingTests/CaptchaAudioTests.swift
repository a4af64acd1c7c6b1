import Accounts
import Testing

@Suite("Captcha sounds")
struct CaptchaAudioTests {
    @Test("a WAV file whose head tells the truth: 8 bits mono at 8 kHz, some seconds long", arguments: 0..<20 as Range<UInt64>)
    func format(seed: UInt64) {
        let file = CaptchaAudio.wav(of: .random(), seed: seed)
        let samples = number(file[40..<44])
        #expect(file.count == 44 + samples + samples % 2)
        #expect(Array(file[0..<4]) == Array("RIFF".utf8) && number(file[4..<8]) == file.count - 8)
        #expect(Array(file[8..<16]) == Array("WAVEfmt ".utf8) && number(file[16..<20]) == 16)
        #expect(number(file[20..<22]) == 1 && number(file[22..<24]) == 1)
        #expect(number(file[24..<28]) == 8000 && number(file[28..<32]) == 8000)
        #expect(number(file[32..<34]) == 1 && number(file[34..<36]) == 8)
        #expect(Array(file[36..<40]) == Array("data".utf8))
        #expect((4 * 8000...10 * 8000).contains(samples))
    }

    @Test("H83 the same text and seed give the same bytes, on any thread; another seed gives others")
    func repeatable() async throws {
        let text = try #require(CaptchaText(typed: "CFHJK"))
        let files = await withTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<16 { group.addTask { CaptchaAudio.wav(of: text, seed: .max) } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(files.count == 1)
        #expect(Set((0..<50).map { CaptchaAudio.wav(of: text, seed: $0) }).count == 50)
    }

    @Test("every letter of the alphabet is heard", arguments: CaptchaText.alphabet)
    func heard(letter: Character) throws {
        let text = try #require(CaptchaText(typed: String(repeating: letter, count: CaptchaText.length)))
        for seed in 0..<10 as Range<UInt64> {
            // Speech is loud against what is behind it, for at least an eighth of a second a word.
            let loud = loudness(of: CaptchaAudio.wav(of: text, seed: seed)).count { $0 > 12 }
            #expect(loud * 20 >= 125 * CaptchaText.length, "\(seed)")
        }
    }

    @Test("five words with pauses between them", arguments: CaptchaText.alphabet)
    func pauses(letter: Character) throws {
        let text = try #require(CaptchaText(typed: String(repeating: letter, count: CaptchaText.length)))
        for seed in 0..<10 as Range<UInt64> {
            let loudness = loudness(of: CaptchaAudio.wav(of: text, seed: seed))
            // A word is what is louder than the noise, with at most 0.4 seconds of quiet within.
            var words = 0
            var quiet = 100
            for level in loudness {
                if level > 14 {
                    if quiet > 20 { words += 1 }
                    quiet = 0
                } else {
                    quiet += 1
                }
            }
            #expect(words == CaptchaText.length, "\(seed)")
        }
    }

    /// The effective loudness of every 20 milliseconds, in steps of a sample.
    private func loudness(of file: [UInt8]) -> [Double] {
        stride(from: 44, to: file.count - 160, by: 160).map { start in
            let power = file[start..<start + 160].reduce(0.0) { $0 + (Double($1) - 128) * (Double($1) - 128) }
            return (power / 160).squareRoot()
        }
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
