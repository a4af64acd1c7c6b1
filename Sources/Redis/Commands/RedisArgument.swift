/// One argument of a command: any bytes. It is sent with its length, so nothing in it can become a second argument.
public struct RedisArgument: Sendable, Hashable {
    enum Storage: Sendable, Hashable {
        case string(String)
        case bytes([UInt8])
    }

    let storage: Storage

    public init(_ value: String) {
        storage = .string(value)
    }

    public init(_ value: [UInt8]) {
        storage = .bytes(value)
    }

    /// The number in decimal.
    public init(_ value: some BinaryInteger) {
        storage = .string(String(value))
    }

    var count: Int {
        switch storage {
        case .string(let value): value.utf8.count
        case .bytes(let value): value.count
        }
    }
}

extension RedisArgument: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension RedisArgument: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) {
        self.init(value)
    }
}
