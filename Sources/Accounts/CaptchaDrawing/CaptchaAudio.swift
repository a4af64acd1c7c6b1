/// The sound of a captcha, for those who cannot see its picture.
///
/// A pure function of text and seed: it may be called from any thread, and the same arguments give the same bytes.
public enum CaptchaAudio {
    /// A WAV file, 8 bits mono at 8 kHz, in which a voice says the words of the radio alphabet whose first letters are the
    /// text: at changing speeds and distances, over noise and the murmur of another voice.
    public static func wav(of text: CaptchaText, seed: UInt64) -> [UInt8] {
        var generator = CaptchaGenerator(seed: seed)
        let voice = CaptchaSpeech.Voice.allCases.randomElement(using: &generator) ?? .low
        var tape = CaptchaTape()
        tape.wait(generator.draw(0.3...0.7))
        for letter in text.letters {
            let word = CaptchaSpeech.word(for: letter, by: voice)
            tape.record(word, speed: generator.draw(0.86...1.12), lastSpeed: generator.draw(0.86...1.12), gain: generator.draw(0.75...1))
            tape.wait(generator.draw(0.45...0.9))
        }
        murmur(by: voice == .low ? .high : .low, onto: &tape, using: &generator)
        tape.hiss(loudness: generator.draw(0.03...0.05), using: &generator)
        return tape.wav()
    }

    /// Words backwards, which sound like speech to a machine and like nothing to a person.
    private static func murmur(
        by voice: CaptchaSpeech.Voice, onto tape: inout CaptchaTape, using generator: inout CaptchaGenerator
    ) {
        var start = generator.draw(0...0.3)
        while start < tape.seconds {
            guard let letter = CaptchaText.alphabet.randomElement(using: &generator) else { return }
            let word = Array(CaptchaSpeech.word(for: letter, by: voice).reversed())
            let speed = generator.draw(0.8...1.3)
            tape.overlay(word, at: start, speed: speed, gain: generator.draw(0.12...0.26))
            start += generator.draw(0.25...0.6)
        }
    }
}
