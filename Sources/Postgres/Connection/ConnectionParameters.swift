import CPostgres
import Glibc
import Platform

/// What a connection is opened with: libpq's keywords, never a connection string, so nothing needs quoting.
struct ConnectionParameters {
    private let values: [(keyword: String, value: String)]

    init(_ configuration: PostgresConfiguration) {
        func milliseconds(_ duration: Duration) -> String { String(duration.milliseconds) }
        // The server looks every second whether the client of a running statement is still there: what PQcancel would do,
        // without a second connection that may strike the wrong statement.
        let options = [
            "TimeZone=UTC", "DateStyle=ISO", "bytea_output=hex", "standard_conforming_strings=on", "client_connection_check_interval=1000",
            "statement_timeout=" + milliseconds(configuration.statementTimeout), "lock_timeout=" + milliseconds(configuration.lockTimeout),
            "idle_in_transaction_session_timeout=" + milliseconds(configuration.idleInTransactionTimeout),
        ]
        var values: [(String, String)] = [
            ("host", configuration.host), ("port", String(configuration.port)), ("user", configuration.user),
            ("dbname", configuration.database), ("application_name", configuration.applicationName), ("client_encoding", "UTF8"),
            ("options", options.map { "-c " + $0 }.joined(separator: " ")), ("sslmode", configuration.tls.mode.rawValue),
            ("gssencmode", "disable"), ("tcp_user_timeout", milliseconds(configuration.tcpUserTimeout)),
            ("keepalives_idle", "30"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ]
        if let password = configuration.password { values.append(("password", password.reveal())) }
        if let path = configuration.tls.rootCertificate { values.append(("sslrootcert", path)) }
        self.values = values
    }

    /// Begins to connect; nil only when memory ran out. A name is looked up inside, which may block this thread.
    func startConnecting() -> OpaquePointer? {
        let keywords = values.map { strdup($0.keyword) }
        let texts = values.map { strdup($0.value) }
        defer { (keywords + texts).forEach { free($0) } }
        let keywordPointers = keywords.map { UnsafePointer($0) } + [nil]
        let textPointers = texts.map { UnsafePointer($0) } + [nil]
        return PQconnectStartParams(keywordPointers, textPointers, 0)
    }
}
