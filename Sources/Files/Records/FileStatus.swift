public import Platform
import Postgres

/// What a worker has to know of a file whose job it has. It is asked for every file, and the rest of the row would cost as much again.
public struct FileStatus: Sendable, Hashable, Identifiable {
    public let id: FileID
    public let state: FileState
    /// In bytes.
    public let size: Int64
    public let place: StagedPlace
}

extension FileStatus {
    /// The columns that `init(row:)` reads, by their places.
    static let columns: SQL = "id, state, size, container, byte_offset"

    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.decode(at: 0), state: try row.decode(at: 1), size: try row.decode(at: 2),
            place: StagedPlace(container: try row.decode(at: 3), offset: try row.decode(at: 4)))
    }
}

extension FileRecord {
    public var status: FileStatus { FileStatus(id: id, state: state, size: size, place: place) }
}
