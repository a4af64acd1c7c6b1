/// A type of the server, by its number in `pg_type`.
public struct PostgresType: Sendable, Hashable {
    /// The object identifier (OID); built-in types have the same one in every database.
    public let oid: UInt32

    public init(oid: UInt32) {
        self.oid = oid
    }

    /// The server infers the type from the context.
    public static let unspecified = Self(oid: 0)
    public static let boolean = Self(oid: 16)
    public static let bytea = Self(oid: 17)
    public static let bigint = Self(oid: 20)
    public static let smallint = Self(oid: 21)
    public static let integer = Self(oid: 23)
    public static let real = Self(oid: 700)
    public static let double = Self(oid: 701)
    public static let timestamptz = Self(oid: 1184)
    public static let uuid = Self(oid: 2950)
    static let booleanArray = Self(oid: 1000)
    static let byteaArray = Self(oid: 1001)
    static let smallintArray = Self(oid: 1005)
    static let integerArray = Self(oid: 1007)
    static let bigintArray = Self(oid: 1016)
    static let realArray = Self(oid: 1021)
    static let doubleArray = Self(oid: 1022)
    static let timestamptzArray = Self(oid: 1185)
    static let uuidArray = Self(oid: 2951)

    private static let arrays: Set = [
        booleanArray, byteaArray, smallintArray, integerArray, bigintArray, realArray, doubleArray, timestamptzArray, uuidArray,
    ]

    /// Whether a value stands for any number of them.
    var isArray: Bool { Self.arrays.contains(self) }
}

/// A value ready to be sent.
public struct PostgresParameter: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case null
        /// Text format. Holds no NUL byte, since libpq takes text as a C string.
        case text([UInt8])
        /// Binary format, used for `bytea` and `bytea[]`.
        case binary([UInt8])
    }

    package let type: PostgresType
    package let content: Content

    package init(type: PostgresType, content: Content) {
        self.type = type
        self.content = content
    }
}

/// One column of one row as the server sent it (text format).
public struct PostgresCell: Sendable {
    /// The content; nil is NULL.
    public let bytes: ArraySlice<UInt8>?
    /// The name of the column, for error messages.
    public let column: String

    public init(bytes: ArraySlice<UInt8>?, column: String) {
        self.bytes = bytes
        self.column = column
    }

    /// The content, or an error when it is NULL.
    public func content(for type: Any.Type) throws(PostgresError) -> ArraySlice<UInt8> {
        guard let bytes else { throw PostgresError(.decoding, "column \(column) is NULL, not \(type)") }
        return bytes
    }

    /// The error for content that is not a value of `type`.
    public func mismatch(_ type: Any.Type) -> PostgresError {
        PostgresError(.decoding, "column \(column) does not hold a valid \(type)")
    }
}
