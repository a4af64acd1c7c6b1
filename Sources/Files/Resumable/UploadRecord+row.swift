import Cryptography
import FoundationEssentials
import Platform
public import Postgres

extension UploadKind: PostgresScalar {}
extension UploadState: PostgresScalar {}

extension UploadRecord {
    /// The columns that `init(row:)` reads, by their places. What is being made into a file does not expire: its bytes were
    /// acknowledged.
    static let columns: SQL = """
        id, owner_id, area, kind, state, length, byte_offset, epoch, digest_state, metadata, name, content_type, expected_sha256, parts,
        joined_into, file, failure, expires_at, expires_at <= now() AND state NOT IN ('finishing', 'joining'), concat
        """

    /// Whether it takes room that was promised, and counts as one of those that a user may have begun: word for word the predicate of
    /// the index `uploads_open`.
    static let isOpen: SQL = """
        (state IN ('open', 'joining', 'finishing') OR (kind = 'part' AND state = 'complete' AND joined_into IS NULL))
        """

    /// Whether its room is taken already, as if it were a file: what is being made of parts, so that nothing can come in between.
    static let isCharged: SQL = "kind = 'joined' AND state IN ('joining', 'finishing')"

    /// Whether the bytes below `partial/` are needed: until there is a file, and those of a part until it is joined.
    static let needsBytes: SQL = """
        (state IN ('open', 'finishing', 'joining') OR (kind = 'part' AND state = 'complete'
            AND (joined_into IS NULL OR EXISTS (
                SELECT FROM uploads AS whole WHERE whole.id = uploads.joined_into AND whole.state = 'joining'))))
        """

    init(row: PostgresRow) throws(PostgresError) {
        var chain = SHA256Chain()
        if let state = try row.decode(at: 8, as: [UInt8]?.self) {
            guard let saved = SHA256Chain(state: state) else { throw PostgresError(.decoding, "the state of a digest makes no sense") }
            chain = saved
        }
        self.init(
            id: try row.decode(at: 0), owner: try row.decode(at: 1), area: try row.decode(at: 2), kind: try row.decode(at: 3),
            state: try row.decode(at: 4), length: try row.decode(at: 5, as: Int64?.self), offset: try row.decode(at: 6),
            epoch: try row.decode(at: 7), chain: chain, metadata: try row.decode(at: 9), name: try row.decode(at: 10, as: String?.self),
            contentType: try row.decode(at: 11),
            expected: try row.decode(at: 12, as: [UInt8]?.self).flatMap { SHA256Digest(bytes: $0) },
            parts: try row.decode(at: 13, as: [UploadID]?.self) ?? [], concat: try row.decode(at: 19, as: String?.self),
            joinedInto: try row.decode(at: 14, as: UploadID?.self),
            file: try row.decode(at: 15, as: FileID?.self), failure: try row.decode(at: 16, as: String?.self),
            expiresAt: try row.decode(at: 17), isExpired: try row.decode(at: 18))
    }

    static func records(_ rows: [PostgresRow]) throws(PostgresError) -> [UploadRecord] {
        try rows.map { row throws(PostgresError) in try UploadRecord(row: row) }
    }
}
