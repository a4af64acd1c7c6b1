import Postgres

/// Postgres with the errors of this module.
struct Database: Sendable {
    let pool: PostgresPool

    /// All rows of one statement.
    func query<T>(_ sql: SQL, as decode: (PostgresRow) throws(PostgresError) -> T) async throws(AccountsError) -> [T] {
        do throws(PostgresError) {
            var values: [T] = []
            for row in try await pool.query(sql) { values.append(try decode(row)) }
            return values
        } catch {
            throw AccountsError(error)
        }
    }

    /// How many rows one statement affected.
    @discardableResult
    func execute(_ sql: SQL) async throws(AccountsError) -> Int {
        do throws(PostgresError) {
            return try await pool.execute(sql)
        } catch {
            throw AccountsError(error)
        }
    }

    /// Several statements, all or none.
    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (borrowing PostgresSession) throws(PostgresError) -> T
    ) async throws(AccountsError) -> T {
        do {
            return try await pool.transaction { session in try body(session) }
        } catch let error as PostgresError {
            throw AccountsError(error)
        } catch {
            preconditionFailure("a transaction of statements throws PostgresError only")
        }
    }
}
