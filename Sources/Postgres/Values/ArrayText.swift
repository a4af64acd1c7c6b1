/// Writes the text form of a one-dimensional array (PostgreSQL manual, section 8.15.6). Every element is quoted, which is
/// right for every type and needs no list of special words and characters.
struct ArrayTextWriter {
    private var text: [UInt8] = [UInt8(ascii: "{")]
    private var element: [UInt8] = []

    init(capacity: Int) {
        text.reserveCapacity(min(capacity, 1 << 16) * 40 + 2)
    }

    mutating func append(_ value: some PostgresScalar) throws(PostgresError) {
        separate()
        element.removeAll(keepingCapacity: true)
        try value.appendText(to: &element)
        text.append(UInt8(ascii: "\""))
        for byte in element {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
        text.append(UInt8(ascii: "\""))
    }

    mutating func appendNull() {
        separate()
        text.append(contentsOf: "NULL".utf8)
    }

    consuming func finish() -> [UInt8] {
        text.append(UInt8(ascii: "}"))
        return text
    }

    private mutating func separate() {
        if text.count > 1 { text.append(UInt8(ascii: ",")) }
    }
}

/// Reads the text form of a one-dimensional array.
enum ArrayTextReader {
    /// The elements, unquoted; nil is NULL. Nested arrays and explicit bounds (`[0:1]={…}`) are refused.
    static func elements(of cell: PostgresCell) throws(PostgresError) -> [ArraySlice<UInt8>?] {
        let text = try cell.content(for: [Any].self)
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count >= 2 else { throw cell.mismatch([Any].self) }
        var rest = text.dropFirst().dropLast()
        var elements: [ArraySlice<UInt8>?] = []
        guard !rest.isEmpty else { return elements }
        while true {
            guard let element = next(in: &rest) else { throw cell.mismatch([Any].self) }
            elements.append(element.content)
            guard let separator = rest.popFirst() else { return elements }
            guard separator == UInt8(ascii: ",") else { throw cell.mismatch([Any].self) }
        }
    }

    private struct Element { let content: ArraySlice<UInt8>? }

    /// - Returns: nil where the text is malformed.
    private static func next(in rest: inout ArraySlice<UInt8>) -> Element? {
        guard let first = rest.first else { return nil }
        guard first == UInt8(ascii: "\"") else {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
            let bare = rest[rest.startIndex..<end]
            rest = rest[end...]
            let special: [UInt8] = [UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "\\")]
            guard !bare.isEmpty, !bare.contains(where: special.contains) else { return nil }
            return Element(content: bare.elementsEqual("NULL".utf8) ? nil : bare)
        }
        rest = rest.dropFirst()
        var content: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return Element(content: content[...])
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                content.append(escaped)
            default: content.append(byte)
            }
        }
        return nil
    }
}

/// The text form of `bytea` (`bytea_output = hex`).
enum Hexadecimal {
    /// The bytes behind `\x…`, or nil where the text is malformed.
    static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]), text.count.isMultiple(of: 2) else { return nil }
        let digits = text.dropFirst(2)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var index = digits.startIndex
        while index < digits.endIndex {
            guard let high = value(of: digits[index]), let low = value(of: digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
