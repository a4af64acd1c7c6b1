/// A file as the server describes it.
public struct RemoteFile: Codable, Sendable, Hashable {
    public let id: String
    public let name: String
    public let size: Int64
    public let contentType: String
    public let sha256: String
    public let state: String
    public let createdAt: String
    public let storedAt: String?
    public let failure: String?

    package init(
        id: String, name: String, size: Int64, contentType: String, sha256: String, state: String, createdAt: String, storedAt: String?,
        failure: String?
    ) {
        self.id = id
        self.name = name
        self.size = size
        self.contentType = contentType
        self.sha256 = sha256
        self.state = state
        self.createdAt = createdAt
        self.storedAt = storedAt
        self.failure = failure
    }
}
