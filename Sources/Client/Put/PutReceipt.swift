/// What the server said of a file that it has taken.
public struct PutReceipt: Codable, Sendable, Hashable {
    public let id: String
    public let name: String
    public let size: Int64
    /// Hexadecimal, as computed here; the server's is the same.
    public let sha256: String

    package init(id: String, name: String, size: Int64, sha256: String) {
        self.id = id
        self.name = name
        self.size = size
        self.sha256 = sha256
    }
}
