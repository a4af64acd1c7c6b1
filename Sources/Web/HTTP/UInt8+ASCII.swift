/// The character classes of HTTP's grammar (RFC 9110, section 5.6), asked of one byte.
extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let percent: UInt8 = 0x25
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let hyphen: UInt8 = 0x2D
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let lessThan: UInt8 = 0x3C
    static let equals: UInt8 = 0x3D
    static let backslash: UInt8 = 0x5C

    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }

    var isWhitespace: Bool { self == .space || self == .tab }

    /// A control character of ASCII: below the blank, or DEL.
    var isControl: Bool { self < 0x20 || self == 0x7F }

    /// `tchar`: what a token is made of.
    var isTokenCharacter: Bool {
        if isDigit || isLetter { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), .percent, UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
            .plus, .hyphen, UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    /// The same letter in lower case; any other byte as it is.
    var lowercasedASCII: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}

extension Sequence<UInt8> {
    /// The bytes as text with ASCII letters in lower case. For bytes known to be ASCII.
    var lowercasedASCIIText: String { String(decoding: map(\.lowercasedASCII), as: UTF8.self) }
}
