package import NIOCore

/// Writes JSON text (RFC 8259) straight into a buffer, in one pass.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object {
///     $0.member("name", file.name)
///     $0.member("size", file.size)
///     $0.array("tags") { for tag in tags { $0.string(tag) } }
/// }
/// response.body = writer.buffer
/// ```
///
/// Commas and brackets take care of themselves; that members stand in objects and bare values in arrays is up to the
/// caller. `<` is escaped although it need not be, so that the text may stand inside a page's `<script>` element.
package struct JSONWriter: Sendable {
    /// What has been written.
    package private(set) var buffer: ByteBuffer
    /// Whether a value precedes at this level.
    private var needsComma = false

    /// - Parameter buffer: where to write; its content so far stays in front.
    package init(buffer: ByteBuffer = ByteBuffer()) {
        self.buffer = buffer
    }

    // MARK: Values: the whole text, or elements of an array

    package mutating func string(_ value: String) {
        separate()
        buffer.writeJSONText(value)
    }

    package mutating func number(_ value: some BinaryInteger) {
        separate()
        buffer.writeString(value.description)
    }

    /// A number that JSON cannot express (infinite, not a number) becomes null.
    package mutating func number(_ value: Double) {
        separate()
        buffer.writeString(value.isFinite ? value.description : "null")
    }

    package mutating func boolean(_ value: Bool) {
        separate()
        buffer.writeString(value ? "true" : "false")
    }

    package mutating func null() {
        separate()
        buffer.writeString("null")
    }

    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        try nest(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
    }

    package mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        try nest(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    // MARK: Members of an object

    /// Writes null if there is no value.
    package mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes null if there is no value.
    package mutating func member(_ name: String, _ value: (some BinaryInteger)?) {
        key(name)
        if let value { number(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        boolean(value)
    }

    /// A member whose one value `write` writes.
    package mutating func value(_ name: String, _ write: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try write(&self)
    }

    package mutating func object(_ name: String, _ members: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(members)
    }

    package mutating func array(_ name: String, _ elements: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(elements)
    }

    // MARK: -

    private mutating func key(_ name: String) {
        string(name)
        buffer.writeInteger(UInt8.colon)
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { buffer.writeInteger(UInt8.comma) }
        needsComma = true
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        buffer.writeInteger(open)
        needsComma = false
        try content(&self)
        buffer.writeInteger(close)
        needsComma = true
    }
}

extension ByteBuffer {
    /// Writes a JSON string with its quotes. Runs that need no escape are copied whole.
    package mutating func writeJSONText(_ text: String) {
        var text = text
        writeInteger(UInt8.quote)
        text.withUTF8 { bytes in
            var written = 0
            for position in bytes.indices {
                let byte = bytes[position]
                guard byte < 0x20 || byte == .quote || byte == .backslash || byte == .lessThan else { continue }
                writeBytes(bytes[written..<position])
                writeJSONEscape(byte)
                written = position + 1
            }
            writeBytes(bytes[written...])
        }
        writeInteger(UInt8.quote)
    }

    private mutating func writeJSONEscape(_ byte: UInt8) {
        switch byte {
        case .quote: writeStaticString("\\\"")
        case .backslash: writeStaticString("\\\\")
        case .lineFeed: writeStaticString("\\n")
        case .carriageReturn: writeStaticString("\\r")
        case .tab: writeStaticString("\\t")
        default:
            writeStaticString("\\u00")
            for digit in [byte >> 4, byte & 0xF] {
                writeInteger(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
    }
}
