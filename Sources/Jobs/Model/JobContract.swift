#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A kind of job: what producer and worker agree on. Keep it small: identifiers, no content.
public protocol JobContract: Codable, Sendable {
    /// The stable name under which the job travels: 1 to 64 of `[a-z0-9.-]`. Renaming it orphans waiting jobs.
    static var type: String { get }
    /// Raised when the payload changes so that older workers must not run it; those park the job.
    static var schemaVersion: Int { get }
    /// The queue it goes to unless the request names another.
    static var queue: String { get }
    static var policy: RetryPolicy { get }
    /// How long one run may take, unless the request says otherwise; nil means no limit, which is the default.
    static var timeout: Duration? { get }

    /// The payload; JSON unless a hot type does it faster.
    func encodePayload() throws -> [UInt8]
    /// Reads a payload written by `schemaVersion` or an older one.
    static func decodePayload(_ payload: ArraySlice<UInt8>, schemaVersion: Int) throws -> Self
}

extension JobContract {
    public static var timeout: Duration? { nil }

    public func encodePayload() throws -> [UInt8] {
        try Array(JSONEncoder().encode(self))
    }

    public static func decodePayload(_ payload: ArraySlice<UInt8>, schemaVersion: Int) throws -> Self {
        try JSONDecoder().decode(Self.self, from: Data(payload))
    }
}
