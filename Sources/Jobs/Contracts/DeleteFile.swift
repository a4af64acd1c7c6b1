public import Platform

/// Remove a file that its owner deleted: from the FTP server, from staging, and its row.
public struct DeleteFile: JobContract {
    public let file: UUIDv7
    /// Where it is on the FTP server, if it got there.
    public let key: String

    public init(file: UUIDv7, key: String) {
        self.file = file
        self.key = key
    }

    public static var type: String { "delete-file" }
    public static var schemaVersion: Int { 1 }
    public static var queue: String { "delete" }

    /// 20 tries over about 1½ hours.
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 20, backoff: Backoff(base: .seconds(1), cap: .seconds(600)))
    }

    /// One removal per file at a time: the id follows from the file.
    public static func id(of file: UUIDv7) -> String { "delete-\(file)" }

    public func encodePayload() throws -> [UInt8] { FilePayload.encode(file: file, key: key) }

    public static func decodePayload(_ payload: ArraySlice<UInt8>, schemaVersion: Int) throws -> Self {
        let (file, key) = try FilePayload.decode(payload)
        return Self(file: file, key: key)
    }
}
