public import Platform
import Synchronization

/// Tells types by content, with libmagic.
///
/// It parses what strangers sent, and has had its holes; so it sees the head of a file only, with limits below its own, and
/// nobody has to use it.
public final class ContentSniffer: Sendable {
    /// How much of a file is looked at, in bytes.
    public static let headLimit = 64 << 10

    private let pool: BlockingPool
    /// One for each thread of the pool, except those in use.
    private let cookies: Mutex<[MagicCookie]>

    /// Opens the database once for each thread.
    ///
    /// - Parameter database: the file of the database; nil for the system's.
    public init(pool: BlockingPool, database: String? = nil) throws(MagicError) {
        var cookies: [MagicCookie] = []
        for _ in 0..<pool.size { cookies.append(try MagicCookie(database: database)) }
        self.pool = pool
        self.cookies = Mutex(cookies)
    }

    /// Looks at the first bytes of a file.
    ///
    /// - Throws: `MagicError`, `CancellationError`, or `BlockingPoolClosed`.
    public func look(_ head: [UInt8]) async throws -> Sniffed {
        // Of a single byte libmagic says as little.
        guard head.count > 1 else { return Sniffed(types: ["application/x-empty"], description: "empty or very short") }
        return try await pool.run { [self] in
            guard let cookie = cookies.withLock({ $0.popLast() }) else { throw MagicError(.failed) }
            defer { cookies.withLock { $0.append(cookie) } }
            return try cookie.look(Array(head.prefix(Self.headLimit)))
        }
    }
}
