import CPostgres

extension PostgresError {
    /// The error in a failed result.
    init(_ result: OpaquePointer) {
        func field(_ code: Int32) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        let state = field(SluiceDiagnosticSQLState)
        let (code, message) = Self.classify(state)
        let words = field(SluiceDiagnosticMessage) ?? PQresultErrorMessage(result).map { String(cString: $0) }
        self.init(code, message, serverMessage: words)
        sqlState = state
        constraint = field(SluiceDiagnosticConstraint)
        table = field(SluiceDiagnosticTable)
    }

    /// Sorts the conditions of the server; the one table that does (PostgreSQL manual, appendix A).
    package static func classify(_ sqlState: String?) -> (Code, String) {
        guard let sqlState else { return (.unavailable, "the connection was lost") }
        return switch sqlState {
        case "57014": (.timeout, "the statement was stopped")
        case "55P03": (.timeout, "a lock was not granted in time")
        case "25P03": (.unavailable, "the server ended an idle transaction")
        case "57P01", "57P02", "57P03", "57P05": (.unavailable, "the server is shutting down or starting")
        case "53300": (.unavailable, "the server has too many connections")
        case _ where sqlState.hasPrefix("08"): (.unavailable, "the connection failed")
        default: (.server, "the server refused the statement")
        }
    }

    /// "cached plan must not change result type", or a prepared statement that does not exist.
    var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && serverMessage?.contains("cached plan") == true)
    }
}
