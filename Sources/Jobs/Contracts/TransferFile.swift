public import Platform

/// Carry a staged file to the FTP server.
public struct TransferFile: JobContract {
    public let file: UUIDv7
    /// Where it goes on the FTP server.
    public let key: String

    public init(file: UUIDv7, key: String) {
        self.file = file
        self.key = key
    }

    public static var type: String { "transfer-file" }
    public static var schemaVersion: Int { 1 }
    public static var queue: String { "transfer" }

    /// 20 tries over about 1½ hours; an unreachable server spends none of them (`JobOutcome.later`).
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 20, backoff: Backoff(base: .seconds(1), cap: .seconds(600)))
    }

    /// One transfer per file at a time: the id follows from the file.
    public static func id(of file: UUIDv7) -> String { "transfer-\(file)" }

    public func encodePayload() throws -> [UInt8] { FilePayload.encode(file: file, key: key) }

    public static func decodePayload(_ payload: ArraySlice<UInt8>, schemaVersion: Int) throws -> Self {
        let (file, key) = try FilePayload.decode(payload)
        return Self(file: file, key: key)
    }
}
