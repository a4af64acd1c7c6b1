public import Platform

/// Why a password cannot be chosen.
public enum PasswordProblem: Sendable, Hashable {
    /// Fewer than 8 characters.
    case tooShort
    /// More than 1024 bytes.
    case tooLong
    /// One of those that are tried first.
    case common
    /// Little more than the user's name, address or the name of this service.
    case personal
}

/// The rules for new passwords, those of OWASP ASVS 5.0, 6.2: a least length, no composition, taken as received.
public enum PasswordRules {
    /// Beyond it a password is refused before anything is computed.
    public static let byteLimit = 1024
    /// Characters in the sense of Unicode code points.
    public static let leastLength = 8

    /// Whether a password may be checked at all. Says nothing about whether it may be chosen.
    static func isCheckable(_ password: Secret) -> Bool {
        password.reveal().utf8.count <= byteLimit
    }

    /// - Parameter context: words that say nothing about this user that others would not try: name, local part of the address.
    /// - Returns: nil for a password that may be chosen.
    public static func problem(of password: Secret, context: [String]) -> PasswordProblem? {
        guard isCheckable(password) else { return .tooLong }
        guard password.reveal().unicodeScalars.count >= leastLength else { return .tooShort }
        let folded = password.reveal().lowercased()
        if Blocklist.common.contains(folded) { return .common }
        return rest(of: folded, without: context + ["sluice"]) < leastLength ? .personal : nil
    }

    /// How many characters there are besides context words, for these are no secret. Words of one or two letters do not count as
    /// such: they are in every text.
    private static func rest(of folded: String, without words: [String]) -> Int {
        var rest = folded
        for word in words.map({ $0.lowercased() }).sorted(by: { $0.utf8.count > $1.utf8.count }) where word.unicodeScalars.count >= 3 {
            rest = rest.replacing(word, with: "")
        }
        return rest.unicodeScalars.count
    }
}
