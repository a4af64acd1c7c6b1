public import Platform
import Postgres

extension FileCatalog {
    /// How some of an owner's files stand, and the newest of those that were accepted since; those that are gone are left out.
    ///
    /// - Parameters:
    ///   - ids: the files that are known.
    ///   - since: the id of a moment; up to `maximumLimit` files accepted after it are told besides.
    public func states(owner: UserID, of ids: [FileID], since: FileID) async throws(FilesError) -> [FileID: FileState] {
        let rows = try await query(
            """
            SELECT id, state FROM files WHERE owner_id = \(owner) AND id = ANY(\(ids)) AND state <> 'deleting'
            UNION
            (SELECT id, state FROM files WHERE owner_id = \(owner) AND id > \(since) AND state <> 'deleting'
            ORDER BY id DESC LIMIT \(Self.maximumLimit))
            """)
        do throws(PostgresError) {
            var states: [FileID: FileState] = [:]
            for row in rows {
                let id: FileID = try row.decode("id")
                states[id] = try row.decode("state")
            }
            return states
        } catch {
            throw FilesError(error)
        }
    }

    /// Those of an owner's files that are there, in the order of their acceptance.
    public func find(owner: UserID, ids: [FileID]) async throws(FilesError) -> [FileRecord] {
        try FileRecord.records(
            await query(
                """
                SELECT \(sql: FileRecord.columns) FROM files WHERE owner_id = \(owner) AND id = ANY(\(ids)) AND state <> 'deleting'
                ORDER BY id
                """))
    }
}
