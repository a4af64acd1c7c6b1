import FoundationEssentials
public import Platform
public import Postgres

/// Who did what to an account, append only. Never what somebody typed: people type passwords into the wrong field.
public struct AuditLog: Sendable {
    private let database: Database

    public init(pool: PostgresPool) {
        database = Database(pool: pool)
    }

    /// The last events of a user, the newest first.
    public func list(of user: UserID, limit: Int = 100) async throws(AccountsError) -> [AuditEvent] {
        try await database.query(
            """
            SELECT id, at, kind, user_id, network,
                (SELECT coalesce(string_agg(key || '=' || value, ' ' ORDER BY key), '') FROM jsonb_each_text(detail)) AS detail
            FROM audit_events WHERE user_id = \(user) ORDER BY at DESC, id DESC LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            AuditEvent(
                id: try row.decode("id"), at: try row.decode("at"), kind: AuditEvent.Kind(rawValue: try row.decode("kind")),
                user: try row.decode("user_id", as: UserID?.self), network: try row.decode("network"),
                detail: try row.decode("detail"))
        }
    }

    /// - Parameter detail: words of ours.
    func record(
        _ kind: AuditEvent.Kind, _ user: UserID?, _ network: NetworkAddress?, _ detail: KeyValuePairs<String, String> = [:]
    ) async throws(AccountsError) {
        try await database.execute(Self.statement(kind, user, network, detail))
    }

    /// For a transaction of the change that it tells of.
    static func statement(
        _ kind: AuditEvent.Kind, _ user: UserID?, _ network: NetworkAddress?, _ detail: KeyValuePairs<String, String> = [:]
    ) -> SQL {
        """
        INSERT INTO audit_events (kind, user_id, network, detail)
        VALUES (\(kind.rawValue), \(user as UserID?), \(origin(network)),
            jsonb_object(\(detail.map(\.key))::text[], \(detail.map(\.value))::text[]))
        """
    }

    /// Where a change comes from, as the record has it.
    static func origin(_ network: NetworkAddress?) -> String { network?.description ?? "operator" }
}
