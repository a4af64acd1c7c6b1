/// A job in the dead set.
public struct DeadJob: Sendable {
    public let id: String
    /// Milliseconds since 1970, server time.
    public let diedAt: Int64
    /// Why: what the handler said, "poison: …", "unknown type …", "malformed …".
    public let reason: String
    /// nil where the entry or its envelope cannot be read.
    public let type: String?
    public let tenant: String?
    public let attempts: Int?
    public let crashes: Int?

    /// Where the next page starts.
    public var cursor: DeadCursor { DeadCursor(id: id, diedAt: diedAt) }
}

public struct DeadCursor: Sendable, Hashable {
    let id: String
    let diedAt: Int64
}

extension DeadJob {
    /// - Parameter grave: `<reason>\n<entry>`.
    init(id: String, diedAt: Int64, grave: [UInt8]) {
        let end = grave.firstIndex(of: UInt8(ascii: "\n")) ?? grave.endIndex
        let entry = try? JobEntry(Array(grave[end...].dropFirst()))
        self.init(
            id: id, diedAt: diedAt, reason: String(decoding: grave[..<end], as: UTF8.self), type: entry?.type, tenant: entry?.tenant,
            attempts: entry?.attempts, crashes: entry?.crashes)
    }
}
