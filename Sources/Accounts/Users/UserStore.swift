import Cryptography
import FoundationEssentials
public import Platform
public import Postgres

/// The users.
public struct UserStore: Sendable {
    private let database: Database

    public init(pool: PostgresPool) {
        database = Database(pool: pool)
    }

    /// Adds a user.
    ///
    /// - Parameter password: none for a user who is to have only API tokens.
    /// - Throws: `.badName`, `.badEmail`, `.badFullName`, `.nameTaken`, `.emailTaken`, `.database`.
    public func add(
        name: String, email: String, fullName: String = "", password: PasswordHash? = nil, isAdmin: Bool = false
    ) async throws(AccountsError) -> User {
        try Self.check(name: name, email: email, fullName: fullName)
        let users = try await users(
            """
            \(sql: Self.insertion(name: name, email: email, fullName: fullName, password: password, isAdmin: isAdmin))
            RETURNING \(sql: User.columns)
            """)
        guard let user = users.first else { throw AccountsError(.database, "the new user was not returned") }
        return user
    }

    /// - Throws: `.badName`, `.badEmail`, `.badFullName`.
    static func check(name: String, email: String, fullName: String) throws(AccountsError) {
        guard UserText.isName(name) else { throw AccountsError(.badName, "a user name is 1…64 letters, digits or . _ - +") }
        guard EmailAddress(email) != nil else { throw AccountsError(.badEmail, "not an e-mail address") }
        guard UserText.isFullName(fullName) else { throw AccountsError(.badFullName, "a full name is up to 128 printable characters") }
    }

    static func insertion(name: String, email: String, fullName: String, password: PasswordHash?, isAdmin: Bool = false) -> SQL {
        """
        INSERT INTO users (name, email, full_name, password, password_changed_at, is_admin)
        VALUES (\(name), \(email), \(fullName), \(password?.text as String?), CASE WHEN \(password != nil) THEN now() END, \(isAdmin))
        """
    }

    /// The user of that name, whatever its case and width.
    public func find(name: String) async throws(AccountsError) -> User? {
        guard UserText.isName(name) else { return nil }
        return try await users(
            """
            SELECT \(sql: User.columns) FROM users WHERE lower(normalize(name, NFKC)) = lower(normalize(\(name)::text, NFKC))
            """
        ).first
    }

    /// The user of that id.
    public func find(_ id: UserID) async throws(AccountsError) -> User? {
        try await users("SELECT \(sql: User.columns) FROM users WHERE id = \(id)").first
    }

    /// All users, the oldest first, in pages.
    ///
    /// - Parameter last: of the page before.
    public func page(after last: UserID? = nil, limit: Int = 500) async throws(AccountsError) -> [User] {
        try await users(
            "SELECT \(sql: User.columns) FROM users WHERE id > \(last ?? UserID(rawValue: 0)) ORDER BY id LIMIT \(limit)")
    }

    /// Whose name or address this is, whatever its case and width, as one types it to sign in.
    ///
    /// - Parameter device: what the browser says it is.
    func account(login: String, device: OpaqueToken?) async throws(AccountsError) -> Account? {
        guard UserText.isLogin(login) else { return nil }
        return try await database.query(
            """
            SELECT \(sql: Account.columns), \(sql: Self.knows(device)) FROM users
            WHERE lower(normalize(name, NFKC)) = lower(normalize(\(login)::text, NFKC))
                OR lower(normalize(email, NFKC)) = lower(normalize(\(login)::text, NFKC))
            -- Names of earlier versions may be the address of somebody else, to whom it belongs.
            ORDER BY position('@' IN name)
            """, as: Account.init(row:)
        ).first
    }

    func account(_ id: UserID, device: OpaqueToken? = nil) async throws(AccountsError) -> Account? {
        try await database.query(
            "SELECT \(sql: Account.columns), \(sql: Self.knows(device)) FROM users WHERE id = \(id)", as: Account.init(row:)
        ).first
    }

    private static func knows(_ device: OpaqueToken?) -> SQL {
        """
        EXISTS (SELECT FROM known_devices WHERE user_id = users.id AND sha256 = \(device?.digest.bytes as [UInt8]?)) AS knows_device
        """
    }

    private func users(_ sql: SQL) async throws(AccountsError) -> [User] {
        try await database.query(sql, as: User.init(row:))
    }
}
