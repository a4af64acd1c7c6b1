import Postgres

extension User {
    /// What `init(row:)` reads, of the table `users`.
    static let columns: SQL =
        "users.id, users.name, users.email, full_name, is_admin, disabled_at IS NOT NULL AS is_disabled, users.created_at"

    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.decode("id"), name: try row.decode("name"), email: try row.decode("email"),
            fullName: try row.decode("full_name"), isAdmin: try row.decode("is_admin"), isDisabled: try row.decode("is_disabled"),
            createdAt: try row.decode("created_at"))
    }
}
