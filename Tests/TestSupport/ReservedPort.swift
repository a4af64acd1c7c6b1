import Glibc

/// A TCP port of the loopback interface at which nobody listens, and which nobody else is given, for as long as this is held: a server
/// of the same machine that asks for any port gets another one.
///
/// A server that is told this port can have it all the same, since servers set SO_REUSEADDR, and so does this.
public final class ReservedPort: Sendable {
    public let number: Int
    private let descriptor: Int32

    public init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard let port = LoopbackPort.bind(descriptor, isShared: true) else {
            close(descriptor)
            throw LoopbackPort.NoneFree()
        }
        number = port
    }

    deinit { close(descriptor) }
}
