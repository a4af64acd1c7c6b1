/// A parameter of a header field: `name=value`.
struct FieldParameter: Hashable, Sendable {
    /// In lower case.
    let name: String
    /// Without quotes and escapes; any byte but a control character (a tab may occur).
    let value: [UInt8]
}

/// Reads the grammar that structured header fields share (RFC 9110, section 5.6): tokens, quoted strings, parameters.
///
/// Strict, and linear in the length of the field: every byte is looked at once and nothing is scanned twice.
struct FieldScanner {
    /// What a backslash inside a quoted string does.
    enum Escapes {
        /// It quotes the byte after it (RFC 9110, section 5.6.4).
        case standard
        /// It quotes a quote or a backslash and otherwise stands for itself, as browsers send file names.
        case formData
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skipWhitespace() {
        while position < bytes.count, bytes[position].isWhitespace { position += 1 }
    }

    /// Steps over `byte` if it comes next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// The token that comes next, as written; nil if there is none.
    mutating func token() -> ArraySlice<UInt8>? {
        let token = take(while: \.isTokenCharacter)
        return token.isEmpty ? nil : token
    }

    /// The bytes that come next, up to the first that is not wanted.
    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count, isWanted(bytes[position]) { position += 1 }
        return bytes[start..<position]
    }

    /// The rest of the field as parameters: `*( OWS ";" OWS [ name "=" value ] )` up to the end.
    ///
    /// A name that occurs twice is an error: two readers would otherwise pick different ones.
    mutating func parameters(
        escapes: Escapes, maximumCount: Int = 16, maximumLength: Int
    ) throws(RequestSyntaxError) -> [FieldParameter] {
        var parameters: [FieldParameter] = []
        while true {
            skipWhitespace()
            if isAtEnd { return parameters }
            guard skip(.semicolon) else { throw RequestSyntaxError(.malformedParameter) }
            skipWhitespace()
            if isAtEnd || bytes[position] == .semicolon { continue }
            guard let name = token(), skip(.equals) else { throw RequestSyntaxError(.malformedParameter) }
            let value = try value(escapes: escapes)
            guard name.count <= maximumLength, value.count <= maximumLength else { throw RequestSyntaxError(.parameterTooLong) }
            let parameter = FieldParameter(name: name.lowercasedASCIIText, value: value)
            guard parameters.count < maximumCount else { throw RequestSyntaxError(.tooManyParameters) }
            guard !parameters.contains(where: { $0.name == parameter.name }) else { throw RequestSyntaxError(.duplicateParameter) }
            parameters.append(parameter)
        }
    }

    private mutating func value(escapes: Escapes) throws(RequestSyntaxError) -> [UInt8] {
        guard skip(.quote) else {
            guard let token = token() else { throw RequestSyntaxError(.malformedParameter) }
            return Array(token)
        }
        var value: [UInt8] = []
        while position < bytes.count {
            var byte = bytes[position]
            position += 1
            if byte == .quote { return value }
            if byte == .backslash, position < bytes.count {
                let next = bytes[position]
                if escapes == .standard || next == .quote || next == .backslash {
                    byte = next
                    position += 1
                }
            }
            guard !byte.isControl || byte == .tab else { throw RequestSyntaxError(.controlCharacter) }
            value.append(byte)
        }
        throw RequestSyntaxError(.malformedParameter)
    }
}
