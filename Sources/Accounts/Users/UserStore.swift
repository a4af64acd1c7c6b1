import FoundationEssentials
public import Platform
public import Postgres

/// The users.
public struct UserStore: Sendable {
    private let pool: PostgresPool

    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Adds a user.
    ///
    /// - Throws: `.badName`, `.badEmail`, `.nameTaken`, `.emailTaken`, `.database`.
    public func add(name: String, email: String) async throws(AccountsError) -> User {
        guard UserText.isName(name) else { throw AccountsError(.badName, "a user name is 1…64 letters, digits or . _ - @ +") }
        guard UserText.isEmail(email) else { throw AccountsError(.badEmail, "not an e-mail address") }
        let users = try await users("INSERT INTO users (name, email) VALUES (\(name), \(email)) RETURNING id, name, email, created_at")
        guard let user = users.first else { throw AccountsError(.database, "the new user was not returned") }
        return user
    }

    /// The user of that name, whatever its case and width.
    public func find(name: String) async throws(AccountsError) -> User? {
        guard UserText.isName(name) else { return nil }
        return try await users(
            """
            SELECT id, name, email, created_at FROM users
            WHERE lower(normalize(name, NFKC)) = lower(normalize(\(name)::text, NFKC))
            """
        ).first
    }

    /// The user of that id.
    public func find(_ id: UserID) async throws(AccountsError) -> User? {
        try await users("SELECT id, name, email, created_at FROM users WHERE id = \(id)").first
    }

    private func users(_ sql: SQL) async throws(AccountsError) -> [User] {
        do throws(PostgresError) {
            var users: [User] = []
            for row in try await pool.query(sql) {
                users.append(
                    User(
                        id: try row.decode("id"), name: try row.decode("name"), email: try row.decode("email"),
                        createdAt: try row.decode("created_at")))
            }
            return users
        } catch {
            throw AccountsError(error)
        }
    }
}
