import Platform
import Postgres

/// The statements of registering. They are the same whether somebody has the address or not.
struct RegistrationStore: Sendable {
    /// How long there is use in the mail.
    private static let lifetime: Double = 30 * 60

    let database: Database

    /// Who stands in the way of a new user.
    struct Holders: Sendable {
        let isNameTaken: Bool
        /// Whose the address is, in any case, unless the user is disabled.
        let ofAddress: UserID?
    }

    func holders(name: String, email: String) async throws(AccountsError) -> Holders {
        let found = try await database.query(
            """
            SELECT EXISTS (
                    SELECT FROM users WHERE lower(normalize(name, NFKC)) = lower(normalize(\(name)::text, NFKC))
                ) AS is_name_taken, (
                    SELECT id FROM users
                    WHERE lower(normalize(email, NFKC)) = lower(normalize(\(email)::text, NFKC)) AND disabled_at IS NULL
                ) AS holder
            """
        ) { row throws(PostgresError) in
            Holders(isNameTaken: try row.decode("is_name_taken"), ofAddress: try row.decode("holder", as: UserID?.self))
        }
        guard let holders = found.first else { throw AccountsError(.database, "a question for one row has none") }
        return holders
    }

    /// Makes a mail to the holder of an address. For nobody a row is made as well.
    func note(for holder: UserID?) async throws(AccountsError) -> RegistrationNoticeID {
        let id = RegistrationNoticeID(rawValue: UUIDv7())
        try await database.execute(
            """
            INSERT INTO registration_notices (id, user_id, expires_at)
            VALUES (\(id), \(holder as UserID?), now() + make_interval(secs => \(Self.lifetime)))
            """)
        return id
    }

    /// Adds a user, unless somebody has the address, and writes down which.
    ///
    /// - Parameter holder: who had the address when it was looked for.
    /// - Throws: `.nameTaken`, `.database`.
    func add(
        _ form: Registration.Form, _ password: PasswordHash, holder: UserID?, _ network: NetworkAddress
    ) async throws(AccountsError) {
        try await database.transaction { sql throws(PostgresError) in
            let rows = try sql.query(
                """
                \(sql: UserStore.insertion(name: form.name, email: form.email, fullName: form.fullName, password: password))
                ON CONFLICT (lower(normalize(email, NFKC))) DO NOTHING RETURNING id
                """)
            if let id = try rows.first?.decode("id", as: UserID.self) {
                try sql.execute(AuditLog.statement(.registered, id, network))
            } else {
                try sql.execute(AuditLog.statement(.registrationRefused, holder, network))
            }
        }
    }

    /// What to mail, and where; nil when there is nobody to mail it to, or no use in it any more.
    func mail(for id: RegistrationNoticeID) async throws(AccountsError) -> RegistrationMail? {
        try await database.query(
            """
            SELECT email, name FROM registration_notices JOIN users ON users.id = user_id
            WHERE registration_notices.id = \(id) AND expires_at > now() AND disabled_at IS NULL
            """
        ) { row throws(PostgresError) in RegistrationMail(address: try row.decode("email"), name: try row.decode("name")) }.first
    }
}
