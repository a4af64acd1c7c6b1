extension Array: PostgresValue where Element: PostgresArrayElement {
    public static var postgresType: PostgresType { Element.postgresArrayType }

    public func postgresParameter() throws(PostgresError) -> PostgresParameter {
        try Element.arrayParameter(self)
    }

    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self {
        try Element.decodeArray(cell)
    }
}

/// An array of optionals is an array that may hold NULLs.
extension Optional: PostgresArrayElement where Wrapped: PostgresScalar {
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }

    public static func arrayParameter(_ elements: [Self]) throws(PostgresError) -> PostgresParameter {
        var writer = ArrayTextWriter(capacity: elements.count)
        for element in elements {
            if let element { try writer.append(element) } else { writer.appendNull() }
        }
        return PostgresParameter(type: postgresArrayType, content: .text(writer.finish()))
    }

    public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] {
        try ArrayTextReader.elements(of: cell).map { element throws(PostgresError) in
            try decode(PostgresCell(bytes: element, column: cell.column))
        }
    }
}

/// `[UInt8]` is `bytea`, not an array of numbers.
extension UInt8: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .bytea }

    public static func arrayParameter(_ elements: [UInt8]) -> PostgresParameter {
        PostgresParameter(type: .bytea, content: .binary(elements))
    }

    public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [UInt8] {
        guard let bytes = Hexadecimal.bytes(try cell.content(for: [UInt8].self)) else { throw cell.mismatch([UInt8].self) }
        return bytes
    }
}

/// `[[UInt8]]` is `bytea[]`, sent in binary: half the size of hexadecimal and no quoting.
extension Array: PostgresArrayElement where Element == UInt8 {
    public static var postgresArrayType: PostgresType { .byteaArray }

    public static func arrayParameter(_ elements: [[UInt8]]) throws(PostgresError) -> PostgresParameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + elements.reduce(0) { $0 + 4 + $1.count })
        func append(_ number: Int) throws(PostgresError) {
            guard let number = Int32(exactly: number) else { throw PostgresError(.misuse, "an array parameter is too large") }
            Swift.withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        // Dimensions, whether there are NULLs, element type; then for the one dimension its length and lower bound.
        let dimensions = elements.isEmpty ? 0 : 1
        for number in [dimensions, 0, Int(PostgresType.bytea.oid)] { try append(number) }
        if dimensions == 1 {
            try append(elements.count)
            try append(1)
        }
        for element in elements {
            try append(element.count)
            bytes.append(contentsOf: element)
        }
        return PostgresParameter(type: .byteaArray, content: .binary(bytes))
    }

    public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [[UInt8]] {
        try ArrayTextReader.elements(of: cell).map { element throws(PostgresError) in
            try UInt8.decodeArray(PostgresCell(bytes: element, column: cell.column))
        }
    }
}
