package import NIOCore
import Platform

/// Writes JSON (RFC 8259) in one pass.
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
/// caller. What is escaped is said at `JSONText`.
package struct JSONWriter: Sendable {
    private var text = JSONText(capacity: 512)
    /// Whether a value precedes at this level.
    private var needsComma = false

    package init() {}

    /// What has been written.
    package var buffer: ByteBuffer { ByteBuffer(bytes: text.bytes) }

    // MARK: Values: the whole text, or elements of an array

    package mutating func string(_ value: String) {
        separate()
        text.string(value)
    }

    package mutating func number(_ value: some BinaryInteger) {
        separate()
        text.number(value)
    }

    package mutating func null() {
        separate()
        text.raw("null")
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

    /// A moment, in milliseconds since 1970-01-01 UTC, as RFC 3339 has it. Writes null if there is none.
    package mutating func member(_ name: String, milliseconds: Int64?) {
        key(name)
        guard let milliseconds else { return null() }
        separate()
        text.time(milliseconds: milliseconds)
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
        text.raw(UInt8.colon)
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { text.raw(UInt8.comma) }
        needsComma = true
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        text.raw(open)
        needsComma = false
        try content(&self)
        text.raw(close)
        needsComma = true
    }
}
