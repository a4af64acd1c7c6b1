import Glibc

/// The spoken alphabet: for every letter its word of the radio alphabet ("Charlie", "Foxtrot"), in two voices.
///
/// The samples are text that `speech.py` made, a character each: as many steps from `silence` as the sample is loud, on a
/// logarithmic scale, which keeps quiet sounds clear in few steps.
enum CaptchaSpeech {
    enum Voice: CaseIterable { case low, high }

    /// The word of a letter at 8 kHz, from -1 to 1; empty for what is no letter of the alphabet.
    static func word(for letter: Character, by voice: Voice) -> [Float] {
        let text =
            switch voice {
            case .low: low(letter)
            case .high: high(letter)
            }
        let loudness = (0...steps).map { step in (pow(1 + bend, Float(step) / Float(steps)) - 1) / bend }
        return (text ?? "").utf8.map { character in
            let step = Int(character) - silence
            let size = loudness[min(abs(step), steps)]
            return step < 0 ? -size : size
        }
    }

    private static let silence = Int(UInt8(ascii: "?"))
    private static let steps = 28
    private static let bend: Float = 100
}
