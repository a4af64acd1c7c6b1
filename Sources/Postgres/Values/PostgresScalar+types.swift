public import Platform

extension String: PostgresScalar {
    /// Unspecified, so that a string can stand for any type that has a text form, as a quoted literal can.
    public static var postgresType: PostgresType { .unspecified }
    public static var postgresArrayType: PostgresType { .unspecified }

    /// Postgres cannot hold a NUL character, and a C string would end there without a word: refused.
    public func appendText(to text: inout [UInt8]) throws(PostgresError) {
        guard !utf8.contains(0) else { throw PostgresError(.misuse, "a string parameter holds a NUL character") }
        text.append(contentsOf: utf8)
    }

    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> String {
        guard let value = String(validating: try cell.content(for: String.self), as: UTF8.self) else { throw cell.mismatch(String.self) }
        return value
    }
}

extension Bool: PostgresScalar {
    public static var postgresType: PostgresType { .boolean }
    public static var postgresArrayType: PostgresType { .booleanArray }

    public func appendText(to text: inout [UInt8]) {
        text.append(self ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    }

    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Bool {
        let content = try cell.content(for: Bool.self)
        guard content.count == 1, let byte = content.first, byte == UInt8(ascii: "t") || byte == UInt8(ascii: "f") else {
            throw cell.mismatch(Bool.self)
        }
        return byte == UInt8(ascii: "t")
    }
}

/// What the scalars have in common whose text form is their Swift description.
public protocol PostgresTextual: PostgresScalar, LosslessStringConvertible {}

extension PostgresTextual {
    public func appendText(to text: inout [UInt8]) {
        text.append(contentsOf: description.utf8)
    }

    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self {
        guard let value = Self(String(decoding: try cell.content(for: Self.self), as: UTF8.self)) else { throw cell.mismatch(Self.self) }
        return value
    }
}

extension Int: PostgresTextual {
    public static var postgresType: PostgresType { .bigint }
    public static var postgresArrayType: PostgresType { .bigintArray }
}

extension Int64: PostgresTextual {
    public static var postgresType: PostgresType { .bigint }
    public static var postgresArrayType: PostgresType { .bigintArray }
}

extension Int32: PostgresTextual {
    public static var postgresType: PostgresType { .integer }
    public static var postgresArrayType: PostgresType { .integerArray }
}

extension Int16: PostgresTextual {
    public static var postgresType: PostgresType { .smallint }
    public static var postgresArrayType: PostgresType { .smallintArray }
}

/// Swift and Postgres read each other's shortest exact form, `inf` and `nan` included.
extension Double: PostgresTextual {
    public static var postgresType: PostgresType { .double }
    public static var postgresArrayType: PostgresType { .doubleArray }
}

extension Float: PostgresTextual {
    public static var postgresType: PostgresType { .real }
    public static var postgresArrayType: PostgresType { .realArray }
}

extension UUIDv7: PostgresTextual {
    public static var postgresType: PostgresType { .uuid }
    public static var postgresArrayType: PostgresType { .uuidArray }
}

extension UserID: PostgresScalar {}
