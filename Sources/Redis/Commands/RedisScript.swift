import Synchronization

/// A Lua script that the server keeps under its digest.
///
/// Make it once and keep it: the digest is the server's answer to the first `SCRIPT LOAD`, remembered by all copies.
public struct RedisScript: Sendable {
    private final class Digest: Sendable {
        let value = Mutex<String?>(nil)
    }

    /// For logs and errors.
    public let name: String
    public let source: String
    private let digest = Digest()

    public init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// The SHA-1 of the source in hexadecimal, once a server has told it.
    public var sha1: String? { digest.value.withLock { $0 } }

    func remember(_ sha1: String) {
        digest.value.withLock { $0 = sha1 }
    }
}
