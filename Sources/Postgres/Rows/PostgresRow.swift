/// One row of a result. Cheap to copy; keeps the whole result in memory.
public struct PostgresRow: Sendable {
    private let table: ResultTable
    private let row: Int

    init(table: ResultTable, row: Int) {
        self.table = table
        self.row = row
    }

    /// The names of the columns in the order of the statement.
    public var columns: [String] { table.columns }

    /// Reads a column by name; the first one where several have that name.
    ///
    /// - Throws: `.decoding` when there is no such column, it is NULL and `T` is no optional, or its content is not a `T`.
    public func decode<T: PostgresValue>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let index = table.index(of: column) else { throw PostgresError(.decoding, "there is no column \(column)") }
        return try T.decode(table.cell(row: row, column: index))
    }

    /// Reads a column by position, from 0.
    public func decode<T: PostgresValue>(at index: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard table.columns.indices.contains(index) else { throw PostgresError(.decoding, "there is no column at position \(index)") }
        return try T.decode(table.cell(row: row, column: index))
    }
}
