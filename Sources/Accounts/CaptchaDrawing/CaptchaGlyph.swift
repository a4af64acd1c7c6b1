/// The shape of one letter: strokes of a pen in a box one high and as wide as the letter, y downwards.
struct CaptchaGlyph {
    let width: Float
    let strokes: [CaptchaStroke]
}

extension CaptchaGlyph {
    /// The shape of a letter of the alphabet; nil for anything else.
    init?(letter: Character) {
        guard let glyph = Self.shape(of: letter) else { return nil }
        self = glyph
    }

    private static func shape(of letter: Character) -> CaptchaGlyph? {
        switch letter {
        case "C":
            CaptchaGlyph(
                width: 0.72, strokes: [.curve([[0.7, 0.17], [0.42, 0], [0.1, 0.2], [0, 0.5], [0.1, 0.8], [0.42, 1], [0.7, 0.83]])])
        case "F": CaptchaGlyph(width: 0.58, strokes: [.line([[0.58, 0], [0, 0], [0, 1]]), .line([[0, 0.48], [0.46, 0.48]])])
        case "H":
            CaptchaGlyph(
                width: 0.66, strokes: [.line([[0, 0], [0, 1]]), .line([[0.66, 0], [0.66, 1]]), .line([[0, 0.5], [0.66, 0.5]])])
        case "J":
            CaptchaGlyph(
                width: 0.6,
                strokes: [
                    .line([[0.24, 0], [0.6, 0]]),
                    .curve([[0.44, 0], [0.44, 0.4], [0.44, 0.72], [0.34, 0.95], [0.14, 0.97], [0, 0.76]]),
                ])
        case "K":
            CaptchaGlyph(
                width: 0.66, strokes: [.line([[0, 0], [0, 1]]), .line([[0.62, 0], [0, 0.6]]), .line([[0.22, 0.4], [0.66, 1]])])
        case "L": CaptchaGlyph(width: 0.56, strokes: [.line([[0, 0], [0, 1], [0.56, 1]])])
        case "M": CaptchaGlyph(width: 0.8, strokes: [.line([[0, 1], [0.05, 0], [0.4, 0.66], [0.75, 0], [0.8, 1]])])
        case "P":
            CaptchaGlyph(
                width: 0.6,
                strokes: [
                    .line([[0, 0], [0, 1]]),
                    .curve([[0, 0], [0.3, 0], [0.54, 0.08], [0.6, 0.27], [0.54, 0.46], [0.3, 0.54], [0, 0.54]]),
                ])
        case "S":
            CaptchaGlyph(
                width: 0.62,
                strokes: [
                    .curve([
                        [0.58, 0.15], [0.34, 0], [0.07, 0.12], [0.08, 0.36], [0.33, 0.5], [0.58, 0.65], [0.55, 0.9], [0.28, 1], [0, 0.85],
                    ])
                ])
        case "T": CaptchaGlyph(width: 0.68, strokes: [.line([[0, 0], [0.68, 0]]), .line([[0.34, 0], [0.34, 1]])])
        case "V": CaptchaGlyph(width: 0.72, strokes: [.line([[0, 0], [0.36, 1], [0.72, 0]])])
        case "X": CaptchaGlyph(width: 0.68, strokes: [.line([[0, 0], [0.68, 1]]), .line([[0.68, 0], [0, 1]])])
        case "Z": CaptchaGlyph(width: 0.62, strokes: [.line([[0, 0], [0.62, 0], [0, 1], [0.62, 1]])])
        default: nil
        }
    }
}
