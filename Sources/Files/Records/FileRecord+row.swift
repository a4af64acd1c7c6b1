import Cryptography
import FoundationEssentials
import Platform
public import Postgres

extension FileState: PostgresScalar {}

extension FileRecord {
    /// The columns that `init(row:)` reads, by their places: to look for each by its name took as long as all else here.
    static let columns: SQL = "id, owner_id, name, size, content_type, sha256, state, key, area, container, byte_offset, stored_at, failure"

    init(row: PostgresRow) throws(PostgresError) {
        guard let sha256 = SHA256Digest(bytes: try row.decode(at: 5, as: [UInt8].self)) else {
            throw PostgresError(.decoding, "a digest is not of 32 bytes")
        }
        self.init(
            id: try row.decode(at: 0), owner: try row.decode(at: 1), name: try row.decode(at: 2), size: try row.decode(at: 3),
            contentType: try row.decode(at: 4), sha256: sha256, state: try row.decode(at: 6), key: try row.decode(at: 7),
            area: try row.decode(at: 8), place: StagedPlace(container: try row.decode(at: 9), offset: try row.decode(at: 10)),
            storedAt: try row.decode(at: 11, as: Date?.self), failure: try row.decode(at: 12, as: String?.self))
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
