/// A media type with its parameters (RFC 9110, section 8.3.1), such as `text/plain; charset=utf-8`.
///
/// Printable ASCII only, so its description is safe in a header, a log line and a database.
package struct MediaType: Hashable, Sendable {
    /// A field longer than this many bytes is refused unread.
    package static let maximumLength = 4096

    package struct Parameter: Hashable, Sendable {
        /// In lower case.
        package let name: String
        /// As sent, without quotes and escapes.
        package let value: String
    }

    /// `type/subtype` in lower case.
    package let essence: String
    /// In the order they were sent; no name twice.
    package let parameters: [Parameter]

    /// Reads the value of a Content-Type field.
    package init(_ text: String) throws(RequestSyntaxError) {
        guard text.utf8.count <= Self.maximumLength else { throw RequestSyntaxError(.fieldTooLong) }
        try self.init(bytes: Array(text.utf8))
    }

    init(bytes: [UInt8]) throws(RequestSyntaxError) {
        guard bytes.count <= Self.maximumLength else { throw RequestSyntaxError(.fieldTooLong) }
        var scanner = FieldScanner(bytes)
        scanner.skipWhitespace()
        guard let type = scanner.token(), scanner.skip(.slash), let subtype = scanner.token() else {
            throw RequestSyntaxError(.malformedMediaType)
        }
        var parameters: [Parameter] = []
        for parameter in try scanner.parameters(escapes: .standard, maximumLength: Self.maximumLength) {
            guard parameter.value.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { throw RequestSyntaxError(.malformedParameter) }
            parameters.append(Parameter(name: parameter.name, value: String(decoding: parameter.value, as: UTF8.self)))
        }
        essence = type.lowercasedASCIIText + "/" + subtype.lowercasedASCIIText
        self.parameters = parameters
    }

    /// The part before the slash, in lower case.
    package var type: Substring { essence[..<(essence.firstIndex(of: "/") ?? essence.endIndex)] }

    /// The value of a parameter; `name` in lower case.
    package subscript(name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    /// Whether this is JSON: `application/json` or a type with the suffix `+json` (RFC 6839).
    package var isJSON: Bool { essence == "application/json" || essence.hasSuffix("+json") }
}

extension MediaType: CustomStringConvertible {
    /// The canonical form: lower case, one blank after each semicolon, quotes only where they are needed.
    package var description: String {
        var text = essence
        for parameter in parameters {
            text += "; \(parameter.name)="
            if !parameter.value.isEmpty, parameter.value.utf8.allSatisfy(\.isTokenCharacter) {
                text += parameter.value
                continue
            }
            text += "\""
            for character in parameter.value {
                if character == "\"" || character == "\\" { text += "\\" }
                text.append(character)
            }
            text += "\""
        }
        return text
    }
}
