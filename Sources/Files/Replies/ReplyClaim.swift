public import Cryptography
public import Platform

/// The right to answer a request that carried an Idempotency-Key.
public struct ReplyClaim: Sendable, Hashable {
    public let owner: UserID
    /// SHA-256 of the key.
    public let key: SHA256Digest
    /// The fence: whoever takes the request over makes another.
    public let id: UUIDv7

    public init(owner: UserID, key: SHA256Digest, id: UUIDv7 = UUIDv7()) {
        self.owner = owner
        self.key = key
        self.id = id
    }
}
