/// A Swift type that can be a parameter of a statement and be read from a column.
///
/// Adopt `PostgresScalar` for types of your own; this protocol exists to include optionals and arrays.
public protocol PostgresValue: Sendable {
    /// The value as it is sent. Throws `.misuse` for what Postgres cannot hold.
    func postgresParameter() throws(PostgresError) -> PostgresParameter
    /// Reads the value. Throws `.decoding`; whatever the server sent, it never traps.
    static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self
    /// The type a parameter of this Swift type has, also when it is NULL.
    static var postgresType: PostgresType { get }
}

/// A type whose arrays are values too.
public protocol PostgresArrayElement: Sendable {
    /// The type of the array (not of the element).
    static var postgresArrayType: PostgresType { get }
    static func arrayParameter(_ elements: [Self]) throws(PostgresError) -> PostgresParameter
    static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self]
}

/// A single value with a text form: the protocol for types of your own.
///
/// A `RawRepresentable` type whose raw value is a scalar needs no code: `extension FileState: PostgresScalar {}`.
public protocol PostgresScalar: PostgresValue, PostgresArrayElement {
    /// Appends the text form the server reads.
    func appendText(to text: inout [UInt8]) throws(PostgresError)
}

extension PostgresScalar {
    public func postgresParameter() throws(PostgresError) -> PostgresParameter {
        var text: [UInt8] = []
        try appendText(to: &text)
        return PostgresParameter(type: Self.postgresType, content: .text(text))
    }

    public static func arrayParameter(_ elements: [Self]) throws(PostgresError) -> PostgresParameter {
        var writer = ArrayTextWriter(capacity: elements.count)
        for element in elements { try writer.append(element) }
        return PostgresParameter(type: postgresArrayType, content: .text(writer.finish()))
    }

    public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] {
        try ArrayTextReader.elements(of: cell).map { element throws(PostgresError) in
            try decode(PostgresCell(bytes: element, column: cell.column))
        }
    }
}

extension PostgresScalar where Self: RawRepresentable, RawValue: PostgresScalar {
    public static var postgresType: PostgresType { RawValue.postgresType }
    public static var postgresArrayType: PostgresType { RawValue.postgresArrayType }

    public func appendText(to text: inout [UInt8]) throws(PostgresError) {
        try rawValue.appendText(to: &text)
    }

    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self {
        guard let value = Self(rawValue: try RawValue.decode(cell)) else { throw cell.mismatch(Self.self) }
        return value
    }
}

extension Optional: PostgresValue where Wrapped: PostgresValue {
    public static var postgresType: PostgresType { Wrapped.postgresType }

    public func postgresParameter() throws(PostgresError) -> PostgresParameter {
        guard let self else { return PostgresParameter(type: Self.postgresType, content: .null) }
        return try self.postgresParameter()
    }

    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self {
        cell.bytes == nil ? nil : try Wrapped.decode(cell)
    }
}
