public import Platform

/// The answer to a request that carried an Idempotency-Key, as it is given again.
public struct StoredReply: Sendable, Hashable {
    public let status: Int
    /// The field Location, if it had one.
    public let location: String?
    /// At most 1 MiB.
    public let body: [UInt8]
    /// A digest over what was sent, of 32 bytes: another body with the same key is an error of the client.
    public let content: [UInt8]

    public init(status: Int, location: String?, body: [UInt8], content: [UInt8]) {
        self.status = status
        self.location = location
        self.body = body
        self.content = content
    }
}

/// Who runs a request, and what it was answered.
public struct ReplyCompletion: Sendable {
    /// The fence: whoever takes the request over makes another.
    public let claim: UUIDv7
    public let reply: StoredReply

    public init(claim: UUIDv7, reply: StoredReply) {
        self.claim = claim
        self.reply = reply
    }
}
