public import Platform

/// The answer to a request that carried an Idempotency-Key, as it is given again.
public struct StoredReply: Sendable, Hashable {
    /// The longest body that can be stored.
    public static let maximumBody = 1 << 20

    /// Of HTTP.
    public let status: Int
    /// The field Location, if it had one.
    public let location: String?
    /// At most `maximumBody` bytes.
    public let body: [UInt8]
    /// The file of which an answer without a body tells.
    public let file: FileID?
    /// A digest over what was sent, of 32 bytes: another body with the same key is an error of the client.
    public let content: [UInt8]

    /// An answer as it is about to be given.
    public init(status: Int, location: String?, body: [UInt8] = [], file: FileID? = nil, content: [UInt8]) {
        self.status = status
        self.location = location
        self.body = body
        self.file = file
        self.content = content
    }
}
