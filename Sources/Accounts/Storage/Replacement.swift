import Postgres

/// A code or link that was made, and the one that it took the place of.
struct Replacement<ID: PostgresScalar & Sendable>: Sendable {
    /// With the columns `id`, `used_at` and `voided_at`.
    let table: SQL
    let id: ID
    let replaced: ID?
}

extension Database {
    /// Runs what makes a replacement known; if that fails, the one before counts again and the new one does not.
    ///
    /// Should it be known all the same, because only the answer got lost, there is nothing to mail any more.
    func keeping<ID>(_ made: Replacement<ID>, _ announce: () async throws -> Void) async throws {
        do {
            try await announce()
        } catch {
            // What failed may be a cancellation, which must not leave the person without any.
            try await shielded { () throws(AccountsError) in try await undo(made) }
            throw error
        }
    }

    private func undo<ID>(_ made: Replacement<ID>) async throws(AccountsError) {
        try await transaction { sql throws(PostgresError) in
            // As whoever makes one does, so that neither sees the other half done.
            try sql.execute(
                "SELECT FROM users WHERE id = (SELECT user_id FROM \(sql: made.table) WHERE id = \(made.id)) FOR NO KEY UPDATE")
            // None if it was voided meanwhile, by a new password for instance: that has ended the one before as well.
            let voided = try sql.execute(
                "UPDATE \(sql: made.table) SET voided_at = now() WHERE id = \(made.id) AND used_at IS NULL AND voided_at IS NULL")
            guard voided == 1, let replaced = made.replaced else { return }
            try sql.execute("UPDATE \(sql: made.table) SET voided_at = NULL WHERE id = \(replaced) AND used_at IS NULL")
        }
    }
}
