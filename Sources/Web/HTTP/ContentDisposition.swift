/// The Content-Disposition field of a response that is to be saved under a name (RFC 6266).
///
/// The name is given twice: as plain ASCII for old readers, and exactly, as UTF-8 (RFC 8187). Whatever the name is, the
/// value is printable ASCII and neither a quote nor a semicolon nor a line break of the name can leave its parameter.
/// Characters that are invisible or change the order of others (bidirectional controls, zero-width marks, controls) are
/// left out of both, so that `invoice<U+202E>fdp.exe` cannot pass for a PDF.
package struct ContentDisposition: Hashable, Sendable {
    /// The value of the field.
    package let value: String

    /// - Parameter attachment: the name the person gave the file; any text.
    package init(attachment name: String) {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: name.unicodeScalars.lazy.filter { !Self.isHidden($0) })
        let visible = scalars.isEmpty ? "file" : String(scalars)
        value = "attachment; filename=\"\(Self.fallback(visible))\"; filename*=UTF-8''\(PercentEncoding.encodeAttribute(visible))"
    }

    /// One `_` for each character that is not ASCII, or that some reader takes for syntax or for part of a path.
    private static func fallback(_ name: String) -> String {
        String(
            name.map { character -> Character in
                guard let byte = character.asciiValue, byte >= 0x20, byte < 0x7F else { return "_" }
                switch byte {
                case .quote, .backslash, .percent, .semicolon, .slash, .colon: return "_"
                default: return character
                }
            })
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F: true  // controls
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // bidirectional controls
        case 0x200B, 0x2060, 0xFEFF: true  // zero width (the joiners stay: scripts and emoji need them)
        case 0x2028, 0x2029: true  // line and paragraph separators
        default: false
        }
    }
}
