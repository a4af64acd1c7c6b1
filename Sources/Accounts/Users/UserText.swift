/// The rules for names. That for addresses is `EmailAddress`, which those who send mail have in common with this module.
enum UserText {
    /// A name: 1…64 letters, digits and `. _ - +`, beginning with a letter or digit. Anything else is refused rather
    /// than cleaned, since a user has to type the name again. No `@`: nobody may be called what is another's address, for one
    /// signs in with either.
    package static func isName(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard (1...64).contains(scalars.count), text.utf8.count <= 256, let first = scalars.first, isLetterOrDigit(first) else {
            return false
        }
        return scalars.allSatisfy { isLetterOrDigit($0) || isMark($0) || "._-+".unicodeScalars.contains($0) }
    }

    /// The name of a token: 1…64 characters that can be shown on one line.
    package static func isLabel(_ text: String) -> Bool {
        (1...64).contains(text.unicodeScalars.count) && text.utf8.count <= 256 && isLine(text)
    }

    /// The full name of a person: 0…128 characters that can be shown on one line.
    package static func isFullName(_ text: String) -> Bool {
        text.unicodeScalars.count <= 128 && text.utf8.count <= 512 && isLine(text)
    }

    /// Whether a text can be somebody's name or address in the eyes of the database, which folds width and case.
    static func isLogin(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && !text.utf8.contains(0)
    }

    /// A text of others made fit to be shown on one line.
    static func line(_ text: String, limit: Int) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) { line.append(isShown(scalar) ? scalar : " ") }
        return String(line)
    }

    private static func isLine(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(isShown)
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: false
        default: true
        }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: false
        }
    }
}

extension UserText {
    /// What others would try first as this user's password.
    static func contextWords(name: String, email: String, fullName: String) -> [String] {
        [name, String(email.prefix { $0 != "@" })] + fullName.split(separator: " ").map { String($0) }
    }

    /// A text that somebody typed, without the blanks and tabs around it that come along when one pastes.
    static func trimmed(_ text: String) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) }
        return Array(Array(text.utf8.drop(while: isBlank)).reversed().drop(while: isBlank).reversed())
    }

    /// An address for the eyes of whoever has given the right password or has a link from a mail: enough to know it again.
    static func masked(email: String) -> String {
        guard let at = email.lastIndex(of: "@") else { return "…" }
        return "\(email.prefix(1))…\(email[at...])"
    }
}
