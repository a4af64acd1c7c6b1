public import Cryptography

/// An upload whose bytes have all arrived, to be accepted by `FileIntake` or given up by `StagingArea.discard`.
public struct ReceivedFile: Sendable {
    enum Content: Sendable {
        /// Small: not on the disk yet.
        case memory(InlineBytes)
        /// Durable below `incoming/`.
        case incoming(IncomingFile)
        /// Durable below `partial/`, where it stays until a row says that it is a file.
        case partial(PartialFile)
    }

    /// Made when the last byte had arrived.
    public let id: FileID
    /// In bytes.
    public let size: Int64
    public let sha256: SHA256Digest
    let content: Content
}
