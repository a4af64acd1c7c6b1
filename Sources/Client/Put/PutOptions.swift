/// How files are sent.
public struct PutOptions: Sendable {
    /// Files at a time.
    public var parallel = 4
    /// Bytes from which on a file is sent so that it can be resumed.
    public var resumableFrom: Int64 = 4 << 20
    public var contentType = "application/octet-stream"
    /// Whether the digest of a large file is computed before it is sent, so that the server refuses what arrives damaged.
    public var announcesDigest = false

    public init() {}
}
