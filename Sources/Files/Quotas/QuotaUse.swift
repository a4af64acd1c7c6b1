/// What the files of one user take, and what they may.
public struct QuotaUse: Sendable, Hashable {
    /// Of all files, and of what is being made of parts.
    public var bytes: Int64
    /// How many, those included that are being made of parts.
    public var files: Int64
    /// The owner's own, else those of the settings.
    public var limits: QuotaLimits
    /// Grows with each change in the database: of two, the larger is the newer.
    public var version: Int64

    /// What a row says.
    public init(bytes: Int64, files: Int64, limits: QuotaLimits, version: Int64) {
        self.bytes = bytes
        self.files = files
        self.limits = limits
        self.version = version
    }

    /// This with more files in it.
    ///
    /// - Throws: `.quotaExceeded`, with the limit that has no room for them.
    func adding(bytes more: Int64, files count: Int64) throws(FilesError) -> QuotaUse {
        var sum = self
        sum.bytes = try Self.sum(bytes, more, limit: limits.bytes, .bytes)
        sum.files = try Self.sum(files, count, limit: limits.files, .files)
        return sum
    }

    /// This with less in it, as the database will have it. Never below nothing: a count that is wrong must keep nobody from anything.
    func without(bytes less: Int64, files count: Int64) -> QuotaUse {
        QuotaUse(bytes: max(0, bytes - less), files: max(0, files - count), limits: limits, version: version + 1)
    }

    private static func sum(_ used: Int64, _ more: Int64, limit: Int64?, _ kind: QuotaNote.Kind) throws(FilesError) -> Int64 {
        let (sum, overflow) = used.addingReportingOverflow(more)
        guard more == 0 || (!overflow && sum <= limit ?? .max) else {
            throw .quota(QuotaNote(kind: kind, maximum: limit ?? .max, used: used))
        }
        return sum
    }
}

/// Which limit of a quota had no room.
public struct QuotaNote: Sendable, Hashable {
    /// What is limited. The raw values are those that a client is told.
    public enum Kind: String, Sendable {
        case bytes, files
    }

    /// The limit that was met first.
    public let kind: Kind
    /// What it allows.
    public let maximum: Int64
    /// What was taken when the limit was asked.
    public let used: Int64
    /// What was promised to uploads that were under way then.
    public let reserved: Int64

    /// The refusal of one limit; in Postgres, where nothing is promised, without `reserved`.
    public init(kind: Kind, maximum: Int64, used: Int64, reserved: Int64 = 0) {
        self.kind = kind
        self.maximum = maximum
        self.used = used
        self.reserved = reserved
    }
}
