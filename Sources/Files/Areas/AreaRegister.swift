import FoundationEssentials
public import Platform
public import Postgres

/// Which disk is which staging area (table `staging_areas`).
public struct AreaRegister: Sendable {
    private let pool: PostgresPool

    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Registers a disk if nobody has taken its name.
    ///
    /// - Returns: the disk that has the name from then on.
    /// - Throws: `.database`, `.unknownOutcome`.
    public func claim(_ name: String, for instance: UUIDv7) async throws(FilesError) -> UUIDv7 {
        do {
            return try await pool.withSession { session in
                // Read first: nothing is written but once, so a process can start beside a database that takes no writes.
                if let found = try Self.find(name, session) { return found }
                try session.execute("INSERT INTO staging_areas (name, instance) VALUES (\(name), \(instance)) ON CONFLICT DO NOTHING")
                guard let found = try Self.find(name, session) else { throw FilesError(.database, "the area's entry was removed") }
                return found
            }
        } catch {
            throw FilesError(error)
        }
    }

    /// Gives the name of one disk to another.
    ///
    /// - Returns: false when it was not the first one's any more.
    /// - Throws: `.database`, `.unknownOutcome`.
    public func replace(_ old: UUIDv7, with new: UUIDv7, as name: String) async throws(FilesError) -> Bool {
        do throws(PostgresError) {
            return try await pool.execute(
                "UPDATE staging_areas SET instance = \(new), registered_at = now() WHERE name = \(name) AND instance = \(old)") == 1
        } catch {
            throw FilesError(error)
        }
    }

    /// All areas, in the order of their names.
    ///
    /// - Throws: `.database`.
    public func list() async throws(FilesError) -> [AreaEntry] {
        do throws(PostgresError) {
            return try await pool.query(
                """
                SELECT staging_areas.name, instance, registered_at, coalesce(files, 0), coalesce(bytes, 0), coalesce(uploads, 0)
                FROM staging_areas
                LEFT JOIN (
                    SELECT area, count(*) AS files, sum(size)::bigint AS bytes FROM files_outstanding JOIN files ON id = file
                    WHERE state IN ('staged', 'failed') GROUP BY area) AS waiting ON waiting.area = staging_areas.name
                LEFT JOIN (
                    SELECT area, count(*) AS uploads FROM uploads WHERE \(sql: UploadRecord.needsBytes) GROUP BY area
                ) AS receiving ON receiving.area = staging_areas.name
                ORDER BY staging_areas.name
                """
            ).map { row throws(PostgresError) in
                AreaEntry(
                    name: try row.decode(at: 0), instance: try row.decode(at: 1), registeredAt: try row.decode(at: 2),
                    files: try row.decode(at: 3), bytes: try row.decode(at: 4), uploads: try row.decode(at: 5))
            }
        } catch {
            throw FilesError(reading: error)
        }
    }

    private static func find(_ name: String, _ session: borrowing PostgresSession) throws(PostgresError) -> UUIDv7? {
        try session.query("SELECT instance FROM staging_areas WHERE name = \(name)").first?.decode(at: 0)
    }
}
