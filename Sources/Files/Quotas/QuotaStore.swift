import Platform
import Postgres

/// What users' files take, and what they may, in Postgres: the truth about quotas.
struct QuotaStore: Sendable {
    let pool: PostgresPool
    /// For those who have none of their own.
    let limits: QuotaLimits

    /// - Returns: nil when the user has no quota.
    func find(_ owner: UserID) async throws(FilesError) -> QuotaUse? {
        if let use = try await read(owner) { return use }
        guard limits != .none else { return nil }
        _ = try await query(QuotaCount.insertion(of: [owner]))
        return try await read(owner)
    }

    /// What is promised to uploads that can be resumed, each under its own id. What is being made of parts is in the use.
    func promised(to owner: UserID) async throws(FilesError) -> [QuotaMeter.Lease] {
        let rows = try await query(
            """
            SELECT id, coalesce(length, byte_offset) AS bytes, CASE WHEN kind = 'part' THEN 0 ELSE 1 END::bigint AS files FROM uploads
            WHERE owner_id = \(owner) AND kind <> 'joined' AND \(sql: UploadRecord.isOpen)
            """)
        do throws(PostgresError) {
            return try rows.map { row throws(PostgresError) in
                (id: try row.decode("id"), amount: QuotaAmount(bytes: try row.decode("bytes"), files: try row.decode("files")))
            }
        } catch {
            throw FilesError(reading: error)
        }
    }

    private func read(_ owner: UserID) async throws(FilesError) -> QuotaUse? {
        let rows = try await query("SELECT \(sql: QuotaUse.columns) FROM file_usage WHERE owner_id = \(owner)")
        do throws(PostgresError) {
            return try rows.first.map { row throws(PostgresError) in try QuotaUse(row, limits: limits) }
        } catch {
            throw FilesError(reading: error)
        }
    }

    private func query(_ sql: SQL) async throws(FilesError) -> [PostgresRow] {
        do throws(PostgresError) {
            return try await pool.query(sql)
        } catch {
            throw FilesError(reading: error)
        }
    }
}
