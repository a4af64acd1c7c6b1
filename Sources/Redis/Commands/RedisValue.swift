/// A reply of the server (RESP2).
public enum RedisValue: Sendable, Hashable {
    case null
    case integer(Int64)
    /// A status such as `OK`.
    case simple(String)
    /// A bulk string: any bytes.
    case bytes([UInt8])
    case array([RedisValue])
    /// An error the server reported, for instance `WRONGTYPE Operation against a key …`.
    case error(String)
}

extension RedisValue {
    /// The number, also where the server sent it as text.
    public var int: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes, .simple: string.flatMap { Int64($0) }
        case .null, .array, .error: nil
        }
    }

    /// The text of a status or bulk string; bytes that are not UTF-8 read as U+FFFD.
    public var string: String? {
        switch self {
        case .simple(let value): value
        case .bytes(let value): String(decoding: value, as: UTF8.self)
        case .null, .integer, .array, .error: nil
        }
    }

    /// The bytes of a bulk string or status.
    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let value): value
        case .simple(let value): Array(value.utf8)
        case .null, .integer, .array, .error: nil
        }
    }

    /// The elements of an array.
    public var array: [RedisValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    public var isNull: Bool { self == .null }
}
