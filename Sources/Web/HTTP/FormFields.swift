package import Platform

/// The fields of a form of the type application/x-www-form-urlencoded.
///
/// Number and size are bounded before anything is decoded.
package struct FormFields: Sendable {
    /// Bytes of a whole form.
    package static let byteLimit = 64 << 10
    static let contentType = "application/x-www-form-urlencoded"
    private static let countLimit = 32

    private let fields: [(name: [UInt8], value: [UInt8])]

    /// A form without fields.
    package init() {
        fields = []
    }

    /// - Throws: for too many fields and malformed percent-encoding.
    package init(_ body: some Collection<UInt8>) throws(RequestSyntaxError) {
        var fields: [(name: [UInt8], value: [UInt8])] = []
        for pair in body.split(separator: UInt8(ascii: "&")) {
            guard fields.count < Self.countLimit else { throw RequestSyntaxError(.tooManyParameters) }
            let equals = pair.firstIndex(of: .equals) ?? pair.endIndex
            fields.append(
                (
                    try PercentEncoding.bytes(of: pair[..<equals], plusIsSpace: true),
                    try PercentEncoding.bytes(of: pair[equals...].dropFirst(), plusIsSpace: true)
                ))
        }
        self.fields = fields
    }

    /// The bytes of a field as they were typed; empty when there is no such field.
    ///
    /// - Throws: for one that is given twice.
    package func bytes(_ name: String) throws(RequestSyntaxError) -> [UInt8] {
        let values = fields.filter { $0.name.elementsEqual(name.utf8) }
        guard values.count <= 1 else { throw RequestSyntaxError(.duplicateParameter, parameter: name) }
        return values.first?.value ?? []
    }

    /// A secret as it was typed. Bytes that are no text make a text that is nobody's secret.
    package func secret(_ name: String) throws(RequestSyntaxError) -> Secret {
        Secret(String(decoding: try bytes(name), as: UTF8.self))
    }

    /// The text of a field; empty when there is no such field.
    ///
    /// - Throws: for one that is given twice, is not UTF-8, or has control characters, which nobody can type into one line.
    package func text(_ name: String) throws(RequestSyntaxError) -> String {
        let bytes = try bytes(name)
        guard !bytes.contains(where: \.isControl) else { throw RequestSyntaxError(.controlCharacter, parameter: name) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw RequestSyntaxError(.invalidUTF8, parameter: name) }
        return text
    }
}
