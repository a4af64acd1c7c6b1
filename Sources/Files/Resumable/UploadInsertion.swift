import Cryptography
import Platform
import Postgres

/// The statement that makes the rows of resumable uploads.
enum UploadInsertion {
    /// - Parameter files: what those became that are complete from the beginning, in the order of the drafts; nil for the others.
    static func statement(for drafts: [UploadDraft], files: [FileID?], area: String, lifetime: Duration) -> SQL {
        let states = zip(drafts, files).map { $1 == nil ? $0.state : .complete }
        return """
            INSERT INTO uploads (
                id, owner_id, area, kind, state, length, byte_offset, metadata, name, content_type, expected_sha256, concat, file,
                expires_at)
            SELECT id, owner, \(area), kind, state, length, CASE WHEN became IS NULL THEN 0 ELSE length END, metadata, name, content_type,
                decode(expected, 'hex'), concat, became, \(sql: lifetime.fromNow)
            FROM unnest(
                \(drafts.map(\.id)), \(drafts.map(\.owner)), \(drafts.map(\.kind.rawValue))::text[], \(states.map(\.rawValue))::text[],
                \(drafts.map(\.length)), \(drafts.map(\.metadata))::text[], \(drafts.map(\.name))::text[],
                \(drafts.map(\.contentType))::text[], \(drafts.map { $0.expected?.description })::text[],
                \(drafts.map(\.concat))::text[], \(files))
                AS given (id, owner, kind, state, length, metadata, name, content_type, expected, concat, became)
            RETURNING \(sql: UploadRecord.columns)
            """
    }
}

extension Duration {
    /// The moment after it, by the clock of the database.
    var fromNow: SQL {
        let seconds: Double = self / .seconds(1)
        return "now() + make_interval(secs => \(seconds))"
    }
}
