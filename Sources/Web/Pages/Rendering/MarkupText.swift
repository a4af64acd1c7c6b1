/// Text that Mustache escapes whole.
///
/// Mustache looks for the five characters of markup among grapheme clusters. A quote with an accent on it is another character to
/// it, and would leave the attribute that it stands in. So these five are kept apart from whatever they would combine with.
enum MarkupText {
    /// The text itself, unless a character of markup in it is part of a larger one: then with zero-width spaces around that.
    static func separated(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var scalars = String.UnicodeScalarView()
        for character in text {
            let isPlain = character.unicodeScalars.count == 1
            for scalar in character.unicodeScalars {
                guard !isPlain, isMarkup(scalar) else {
                    scalars.append(scalar)
                    continue
                }
                scalars.append(separator)
                scalars.append(scalar)
                scalars.append(separator)
            }
        }
        return String(scalars)
    }

    private static let separator: Unicode.Scalar = "\u{200B}"

    private static func isMarkup(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "<", ">", "&", "\"", "'": true
        default: false
        }
    }
}
