import Cryptography
import FoundationEssentials
import Platform
public import Postgres

extension FileState: PostgresScalar {}

extension FileRecord {
    /// The columns `init(row:)` reads.
    static let columns: SQL = "id, owner_id, name, size, content_type, sha256, state, key, area, container, byte_offset, stored_at, failure"

    init(row: PostgresRow) throws(PostgresError) {
        guard let sha256 = SHA256Digest(bytes: try row.decode("sha256", as: [UInt8].self)) else {
            throw PostgresError(.decoding, "a digest is not of 32 bytes")
        }
        self.init(
            id: try row.decode("id"), owner: try row.decode("owner_id"), name: try row.decode("name"), size: try row.decode("size"),
            contentType: try row.decode("content_type"), sha256: sha256, state: try row.decode("state"), key: try row.decode("key"),
            area: try row.decode("area"),
            place: StagedPlace(container: try row.decode("container"), offset: try row.decode("byte_offset")),
            storedAt: try row.decode("stored_at", as: Date?.self),
            failure: try row.decode("failure", as: String?.self))
    }

    static func records(_ rows: [PostgresRow]) throws(FilesError) -> [FileRecord] {
        do throws(PostgresError) {
            var records: [FileRecord] = []
            records.reserveCapacity(rows.count)
            for row in rows { records.append(try FileRecord(row: row)) }
            return records
        } catch {
            throw FilesError(error)
        }
    }
}
