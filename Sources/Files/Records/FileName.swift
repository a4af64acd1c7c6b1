import Foundation

/// A user's name for a file, cleaned for display.
///
/// It is never part of a path, a key or an FTP command, so what remains to be done is that it is one line of text that
/// means the same to every reader. In this order:
/// - Refused: bytes that are not UTF-8, NUL, and the escapes `%00`, `%2F`, `%5C` (decoding was the caller's task and is
///   done once); nothing left in the end.
/// - Cut: everything up to the last `/` or `\`.
/// - Removed: control characters, bidirectional controls, zero-width characters other than the joiners that scripts and
///   emoji need, line and paragraph separators; blanks at both ends and dots at the end.
/// - Normalised to NFC and cut to 255 bytes between graphemes, keeping a short extension.
/// - Neutralised for Windows: `:` becomes `_`, and a device name such as `CON` gets a `_` in front.
///
/// Everything else is kept, also quotes, angle brackets and leading hyphens: encoding is the task of each output. Two files
/// of one owner may have equal names; they are different files.
public struct FileName: Sendable, Hashable {
    /// The longest name in bytes of UTF-8.
    public static let maximumByteCount = 255
    /// The longest text that is looked at.
    static let maximumInputByteCount = 65_536

    public let value: String

    /// - Throws: `.badName`.
    public init(cleaning text: String) throws(FilesError) {
        guard text.utf8.count <= Self.maximumInputByteCount else { throw FilesError(.badName, "the file name is too long") }
        if Self.isClean(text) {
            value = text
            return
        }
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        try Self.refuseEscapes(text)
        var name = Self.lastComponent(text)
        name = Self.removingInvisible(name)
        // Once more: what was invisible may have stood inside an escape.
        try Self.refuseEscapes(name)
        // ASCII is normalised already; the rest goes through ICU.
        if !isASCII { name = name.precomposedStringWithCanonicalMapping }
        // Cut first: what is left of a long name may be a device's.
        name = Self.fitted(Self.neutralised(Self.fitted(Self.trimmed(name))))
        guard !name.isEmpty else { throw FilesError(.badName, "nothing is left of the file name") }
        value = name
    }

    /// - Throws: `.badName`, also for bytes that are not UTF-8 (overlong forms and surrogates included).
    public init(cleaning bytes: some Collection<UInt8>) throws(FilesError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FilesError(.badName, "the file name is not UTF-8") }
        try self.init(cleaning: text)
    }

    /// The extension in lower case when it has 1…10 characters of `[a-z0-9]` only, and is not that of what is unfinished on the FTP server.
    package var keyExtension: String? {
        guard let dot = value.utf8.lastIndex(of: UInt8(ascii: ".")), dot != value.utf8.startIndex else { return nil }
        let text = value[value.utf8.index(after: dot)...].utf8
        let isSafe = text.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        guard (1...10).contains(text.count), isSafe else { return nil }
        let name = String(decoding: text, as: UTF8.self).lowercased()
        return name == "part" ? nil : name
    }
}

extension FileName: CustomStringConvertible, CustomDebugStringConvertible {
    /// Safe to log: without the name.
    public var description: String { "file name of \(value.utf8.count) bytes" }
    public var debugDescription: String { value }
}

extension FileName {
    /// Whether nothing has to be done, told in one pass for the names that machines make: letters, digits, `_`, `-` and dots, and too
    /// long before the first dot to be a device.
    private static func isClean(_ text: String) -> Bool {
        var count = 0
        var stem: Int?
        var last: UInt8 = 0x2E
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: break
            case 0x2E: stem = stem ?? count
            default: return false
            }
            count += 1
            last = byte
        }
        return last != 0x2E && count <= maximumByteCount && stem ?? count > longestDevice
    }

    private static func refuseEscapes(_ text: String) throws(FilesError) {
        guard !text.utf8.contains(0) else { throw FilesError(.badName, "the file name holds a NUL") }
        guard text.utf8.contains(UInt8(ascii: "%")) else { return }
        let upper = Array(text.utf8).map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
        for start in upper.indices.dropLast(2) where upper[start] == UInt8(ascii: "%") {
            switch (upper[start + 1], upper[start + 2]) {
            case (0x30, 0x30), (0x32, 0x46), (0x35, 0x43): throw FilesError(.badName, "the file name is encoded twice")
            default: continue
            }
        }
    }

    private static func lastComponent(_ text: String) -> String {
        guard let cut = text.utf8.lastIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) else { return text }
        return String(decoding: text.utf8[text.utf8.index(after: cut)...], as: UTF8.self)
    }

    private static func removingInvisible(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where isVisible(scalar) { scalars.append(scalar == ":" ? "_" : scalar) }
        return String(scalars)
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20...0x7E).contains(scalar.value) }
        // ZWNJ and ZWJ: Persian words and composed emoji are different without them.
        if scalar.value == 0x200C || scalar.value == 0x200D { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        default: return !scalar.properties.isNoncharacterCodePoint
        }
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last == "." || last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    private static func neutralised(_ name: String) -> String {
        let stem = name.prefix { $0 != "." }.uppercased()
        return devices.contains(stem.trimmingCharacters(in: .whitespaces)) ? "_" + name : name
    }

    /// `CONOUT$`.
    private static let longestDevice = 7

    private static let devices: Set<String> = {
        var names: Set = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
        for port in ["COM", "LPT"] {
            for digit in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"] { names.insert(port + digit) }
        }
        return names
    }()

    private static func fitted(_ name: String) -> String {
        name.utf8.count > maximumByteCount ? trimmed(shortened(name)) : name
    }

    /// As many graphemes as fit, then the extension if it is short.
    private static func shortened(_ name: String) -> String {
        var suffix = ""
        if let dot = name.lastIndex(of: "."), name[dot...].utf8.count <= 16 { suffix = String(name[dot...]) }
        var room = maximumByteCount - suffix.utf8.count
        var result = ""
        for character in name.dropLast(suffix.count) {
            let count = character.utf8.count
            guard count <= room else { break }
            room -= count
            result.append(character)
        }
        return result.isEmpty ? "" : result + suffix
    }
}
