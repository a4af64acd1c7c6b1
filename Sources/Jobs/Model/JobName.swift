/// What may appear in the names that become part of keys and entries. They never hold the entry's separator or a byte
/// that a Redis command or a log could misread.
enum JobName {
    static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(isPlain)
    }

    static func isTenant(_ text: String) -> Bool {
        text.utf8.count <= 128 && text.utf8.allSatisfy(isPlain)
    }

    static func isType(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isPlain($0) && !(0x41...0x5A).contains($0) }
    }

    static func isQueue(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isPlain($0) && $0 != UInt8(ascii: ":") }
    }

    /// `[A-Za-z0-9._@:-]`
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x2E, 0x30...0x3A, 0x40...0x5A, 0x5F, 0x61...0x7A: true
        default: false
        }
    }
}
