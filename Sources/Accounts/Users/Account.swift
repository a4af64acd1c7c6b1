import Postgres

/// A user with what signing in needs to know and nobody else does.
struct Account: Sendable {
    let user: User
    /// None for a user who has only API tokens.
    let password: PasswordHash?
    /// Whether the user has signed in before in the browser that asks.
    let knowsDevice: Bool

    static let columns: SQL = "\(sql: User.columns), password"

    init(row: PostgresRow) throws(PostgresError) {
        user = try User(row: row)
        password = try row.decode("password", as: String?.self).flatMap { PasswordHash($0) }
        knowsDevice = try row.decode("knows_device")
    }

    /// Words that are no secret in this user's password.
    var contextWords: [String] { UserText.contextWords(name: user.name, email: user.email, fullName: user.fullName) }
}
