package import NIOCore

/// A command ready to be sent: encoded where it is made, so that an event loop only copies bytes.
public struct RedisCommand: Sendable {
    /// In upper or lower case, as given; safe to log, which the arguments are not.
    public let name: String
    package let encoded: ByteBuffer
    /// What decides about the node of a cluster.
    let key: RedisArgument?

    public init(_ name: String, _ arguments: RedisArgument...) {
        self.init(name, arguments: arguments)
    }

    public init(_ name: String, arguments: [RedisArgument]) {
        self.name = name
        encoded = CommandFormatter.encode(name, arguments)
        key = Self.key(name, arguments)
    }
}

extension RedisCommand: CustomStringConvertible {
    /// The name without the arguments.
    public var description: String { name }
}
