public import Platform

/// Where the database is and how long anything may take.
public struct PostgresConfiguration: Sendable {
    /// A name, an address, or the directory of a Unix socket (begins with `/`).
    public var host: String
    public var port: Int
    public var user: String
    public var password: Secret?
    public var database: String
    /// Shown in `pg_stat_activity`.
    public var applicationName = "sluice"
    public var tls = TLS()
    /// The most connections; each has a thread of its own. They are made when needed.
    public var poolSize = 8
    /// The longest wait for a free connection.
    public var acquireTimeout: Duration = .seconds(5)
    /// The longest attempt to open a connection, name lookup excluded.
    public var connectTimeout: Duration = .seconds(5)
    /// The longest statement; the server ends it. This side gives up, and the connection with it, two seconds later.
    public var statementTimeout: Duration = .seconds(10)
    /// The longest wait for a lock, within the statement timeout.
    public var lockTimeout: Duration = .seconds(5)
    /// The longest pause inside a transaction before the server ends the connection.
    public var idleInTransactionTimeout: Duration = .seconds(15)
    /// How long sent data may stay unacknowledged by the other machine before the connection counts as lost.
    public var tcpUserTimeout: Duration = .seconds(10)
    /// The most prepared statements kept for each connection.
    public var statementCacheSize = 128
    /// How long a prepared statement with a list of values other than strings among its parameters is used. The server may keep its plan
    /// (PostgreSQL manual, PREPARE), and one for a list that was made when the table had a few rows reads the whole of it ever after, until
    /// the next ANALYZE. For a single value an index is the cheaper way from a handful of rows on.
    public var listStatementLifetime: Duration = .seconds(1)
    /// How often a transaction is tried in all when the server gives it up for another (40001, 40P01).
    public var transactionAttempts = 5

    public init(host: String, port: Int = 5432, user: String, password: Secret? = nil, database: String) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
    }

    /// Reads `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=/path/ca.pem`.
    ///
    /// Without `sslmode` a server on this machine is asked for encryption and any other must prove who it is (`verify-full`): the
    /// password and everybody's rows go over that wire. Without `sslrootcert` the system's authorities are trusted.
    ///
    /// `poolsize` in the query sets the pool size. Unknown names in the query are refused: a misspelt `sslmode` must not go unseen.
    public init(url: ServiceURL) throws(PostgresError) {
        guard url.scheme == "postgres" else { throw PostgresError(.configuration, "the database URL must begin with postgres://") }
        guard let user = url.user else { throw PostgresError(.configuration, "the database URL names no user") }
        self.init(
            host: url.host, port: url.port ?? 5432, user: user, password: url.password, database: String(url.path.drop { $0 == "/" }))
        tls.mode = url.isLocal ? .prefer : .verifyFull
        for (name, value) in url.query {
            switch name {
            case "sslmode":
                guard let mode = TLS.Mode(rawValue: value) else {
                    throw PostgresError(.configuration, "the database URL has an unknown sslmode")
                }
                tls.mode = mode
            case "sslrootcert": tls.rootCertificate = value
            case "poolsize":
                guard let size = Int(value) else {
                    throw PostgresError(.configuration, "the database URL has a pool size that is no number")
                }
                poolSize = size
            default: throw PostgresError(.configuration, "the database URL has a query item other than sslmode, sslrootcert and poolsize")
            }
        }
        if tls.rootCertificate == nil && (tls.mode == .verifyAuthority || tls.mode == .verifyFull) {
            tls.rootCertificate = TLS.systemAuthorities
        }
        try validate()
    }

    /// Encryption on the way to the server, in libpq's terms (PostgreSQL manual, section 34.19).
    public struct TLS: Sendable {
        /// How much is asked of the server: only the last two keep out somebody in between.
        public enum Mode: String, Sendable, CaseIterable {
            case disable, allow, prefer, require
            case verifyAuthority = "verify-ca"
            case verifyFull = "verify-full"
        }

        /// Where Debian's package ca-certificates puts the authorities it trusts.
        static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

        public var mode: Mode
        /// The path of a PEM file with the authorities to trust.
        public var rootCertificate: String?

        public init(mode: Mode = .prefer, rootCertificate: String? = nil) {
            self.mode = mode
            self.rootCertificate = rootCertificate
        }
    }

    /// How long this side waits for a statement: longer than the server does, so that its answer comes first.
    var statementDeadline: Duration { statementTimeout + .seconds(2) }

    func validate() throws(PostgresError) {
        func require(_ condition: Bool, _ message: String) throws(PostgresError) {
            guard condition else { throw PostgresError(.configuration, message) }
        }
        try require((1...65535).contains(port), "the port is not between 1 and 65535")
        try require(!host.isEmpty && !user.isEmpty && !database.isEmpty, "host, user and database must be given")
        let texts = [host, user, database, applicationName, password?.reveal() ?? "", tls.rootCertificate ?? ""]
        try require(!texts.contains { $0.utf8.contains(0) }, "a setting holds a NUL character")
        try require((1...512).contains(poolSize), "the pool size is not between 1 and 512")
        try require(statementCacheSize >= 1, "the statement cache needs room for one statement")
        try require(listStatementLifetime >= .zero, "the life of a statement cannot be negative")
        try require(transactionAttempts >= 1, "a transaction needs at least one attempt")
        let durations = [
            acquireTimeout, connectTimeout, statementTimeout, lockTimeout, idleInTransactionTimeout, tcpUserTimeout,
        ]
        try require(durations.allSatisfy { $0 >= .milliseconds(1) && $0 <= .seconds(86_400) }, "a timeout is not between 1 ms and a day")
    }
}
