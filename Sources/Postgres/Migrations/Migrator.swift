/// Brings the schema up to date.
///
/// Each migration runs in a transaction of its own under an advisory lock, together with its entry in the table
/// `schema_migrations`, so that it is applied once whatever number of processes start at the same time. The checksum
/// of its text is kept: a migration that was applied must not change afterwards.
public struct Migrator: Sendable {
    private let pool: PostgresPool
    private let migrations: [Migration]
    private let table: String

    public init(pool: PostgresPool, migrations: [Migration]) {
        self.init(pool: pool, migrations: migrations, table: "schema_migrations")
    }

    /// - Parameter table: inserted into statements as it is.
    package init(pool: PostgresPool, migrations: [Migration], table: String) {
        self.pool = pool
        self.migrations = migrations.sorted { $0.number < $1.number }
        self.table = table
    }

    /// Applies what is missing, in the order of the numbers.
    ///
    /// - Returns: the migrations this call applied.
    /// - Throws: `.misuse` when a number occurs twice or an applied migration has changed; then nothing more is applied.
    public func migrate() async throws -> [Migration] {
        try await pool.transaction { session in
            // Under the lock as well: two sessions that make the same table at the same time collide in spite of IF NOT EXISTS.
            try lock(session)
            try session.execute(
                """
                CREATE TABLE IF NOT EXISTS \(unsafeRaw: table) (
                    number bigint PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
        }
        var applied: [Migration] = []
        for migration in try await pending() where try await apply(migration) { applied.append(migration) }
        return applied
    }

    /// The migrations that are still to be applied. Checks the others' checksums.
    public func pending() async throws -> [Migration] {
        for (one, next) in zip(migrations, migrations.dropFirst()) where one.number == next.number {
            throw PostgresError(.misuse, "there are two migrations with number \(one.number)")
        }
        return try await pool.withSession { session in
            let exists = try session.query("SELECT to_regclass(\(table)) IS NOT NULL").first?.decode(at: 0, as: Bool.self) ?? false
            guard exists else { return migrations }
            var pending: [Migration] = []
            for migration in migrations where try !isApplied(migration, session) { pending.append(migration) }
            return pending
        }
    }

    /// - Returns: false when another process was faster.
    private func apply(_ migration: Migration) async throws -> Bool {
        try await pool.transaction { session in
            try lock(session)
            guard try !isApplied(migration, session) else { return false }
            try session.script(unsafeRaw: migration.sql)
            try session.execute(
                """
                INSERT INTO \(unsafeRaw: table) (number, name, checksum)
                VALUES (\(migration.number), \(migration.name), sha256(\(Array(migration.sql.utf8))))
                """)
            return true
        }
    }

    /// One process at a time, until the end of the transaction.
    private func lock(_ session: borrowing PostgresSession) throws(PostgresError) {
        // A migration may take long, and so may waiting for the process that runs it.
        try session.script(unsafeRaw: "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'")
        try session.script(unsafeRaw: "SELECT pg_advisory_xact_lock(hashtextextended('\(table)', 0))")
    }

    private func isApplied(_ migration: Migration, _ session: borrowing PostgresSession) throws(PostgresError) -> Bool {
        let rows = try session.query(
            """
            SELECT checksum = sha256(\(Array(migration.sql.utf8))) AS same FROM \(unsafeRaw: table) WHERE number = \(migration.number)
            """)
        guard let row = rows.first else { return false }
        guard try row.decode("same", as: Bool.self) else {
            throw PostgresError(.misuse, "migration \(migration.number) (\(migration.name)) has changed since it was applied")
        }
        return true
    }
}
