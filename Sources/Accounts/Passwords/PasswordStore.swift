import Cryptography
import Platform
import Postgres

/// The one place where a password is replaced: together with all that the old one has brought about and Postgres knows of, and the codes
/// that were counted.
struct PasswordStore: Sendable {
    let database: Database
    let throttle: Throttle

    /// What entitles to a new password.
    enum Right {
        /// The old one, as it was checked.
        case old(PasswordHash)
        /// A link from a mail, used up by this. Of all browsers only the one in which it was opened is known from then on, and no API token
        /// is left: who sets a password anew may have lost one.
        case reset(OpaqueToken, browser: OpaqueToken)
    }

    /// - Returns: false when the right is not or no longer there; then nothing was changed.
    func replace(
        of user: UserID, with hash: PasswordHash, by right: Right, network: NetworkAddress
    ) async throws(AccountsError) -> Bool {
        guard try await change(of: user, to: hash, by: right, network) else { return false }
        // Whoever knew the old password may have used up the codes. The password is changed whether this can be forgotten or not: if not,
        // it ends by itself within the hour.
        try? await throttle.forget([(.codesOfUser, .user(user)), (.codesOfKnown, .user(user))])
        return true
    }

    private func change(
        of user: UserID, to hash: PasswordHash, by right: Right, _ network: NetworkAddress
    ) async throws(AccountsError) -> Bool {
        let kind: AuditEvent.Kind =
            switch right {
            case .old: .passwordChanged
            case .reset: .passwordReset
            }
        return try await database.transaction { sql throws(PostgresError) in
            // Codes and changes of one user wait for each other here, and in no other place.
            try sql.execute("SELECT FROM users WHERE id = \(user) FOR NO KEY UPDATE")
            let isEntitled: SQL
            switch right {
            case .old(let old): isEntitled = "password = \(old.text)"
            case .reset(let token, _):
                guard try sql.execute(Self.use(token, user)) == 1 else { return false }
                isEntitled = "true"
            }
            let changed = try sql.execute(
                """
                UPDATE users SET password = \(hash.text), password_changed_at = clock_timestamp()
                WHERE id = \(user) AND disabled_at IS NULL AND \(sql: isEntitled)
                """)
            guard changed == 1 else { return false }
            try sql.execute("UPDATE login_challenges SET voided_at = now() WHERE user_id = \(user) AND \(sql: ChallengeStore.isOpen)")
            try sql.execute("UPDATE password_resets SET voided_at = now() WHERE user_id = \(user) AND \(sql: ResetStore.isOpen)")
            if case .reset(_, let browser) = right {
                try sql.execute(DeviceStore.removal(of: user))
                try sql.execute(DeviceStore.insertion(of: browser, user))
                try sql.execute(TokenStore.revocation(of: user, by: network, reason: "reset"))
            }
            try sql.execute(AuditLog.statement(kind, user, network))
            return true
        }
    }

    private static func use(_ token: OpaqueToken, _ user: UserID) -> SQL {
        """
        UPDATE password_resets SET used_at = now()
        WHERE sha256 = \(token.digest.bytes) AND user_id = \(user) AND \(sql: ResetStore.isUsable)
        """
    }
}
