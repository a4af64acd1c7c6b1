import Cryptography
import Platform
import Postgres

/// Who runs a request, and what it was answered.
public struct ReplyCompletion: Sendable {
    /// The right under which it is stored.
    public let claim: ReplyClaim
    /// What a repetition will be given.
    public let reply: StoredReply

    /// To be stored by what makes true what the answer says.
    public init(claim: ReplyClaim, reply: StoredReply) {
        self.claim = claim
        self.reply = reply
    }

    /// Finds the claims among these under which an answer may still be stored, and locks their rows.
    static func lock(_ claims: [ReplyClaim], _ session: borrowing PostgresSession) throws -> Set<UUIDv7> {
        guard !claims.isEmpty else { return [] }
        return Set(try session.query(held(claims)).map { try $0.decode("claim", as: UUIDv7.self) })
    }

    private static func held(_ claims: [ReplyClaim]) -> SQL {
        """
        SELECT claim FROM replies
            JOIN unnest(\(claims.map(\.owner)), \(claims.map(\.key.bytes)), \(claims.map(\.id)))
                AS given (given_owner, given_key, given_claim)
            ON owner_id = given_owner AND key = given_key AND claim = given_claim
        WHERE status IS NULL ORDER BY owner_id, key FOR UPDATE OF replies
        """
    }

    /// Stores the answer. For the transaction that makes true what the answer says, after it has locked the row.
    var storing: SQL {
        """
        UPDATE replies SET status = \(Int16(reply.status)), location = \(reply.location), body = \(reply.body), content = \(reply.content),
            file = \(reply.file)
        WHERE owner_id = \(claim.owner) AND key = \(claim.key.bytes) AND claim = \(claim.id)
        """
    }
}
