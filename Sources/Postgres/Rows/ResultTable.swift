import CPostgres

/// All rows of a result, copied out of libpq's memory into one buffer.
package final class ResultTable: Sendable {
    let columns: [String]
    private let columnIndex: [String: Int]
    private let content: [UInt8]
    /// For each cell, row by row, where it begins in `content` and its length; length −1 is NULL.
    private let cells: [(start: Int, length: Int32)]
    package let rowCount: Int
    /// Rows inserted, updated, deleted or selected.
    package let affectedRows: Int
    /// What the server says it did, for example `COMMIT`.
    let commandTag: String

    /// Copies a result; the caller clears it.
    init(_ result: OpaquePointer) {
        let rows = PQntuples(result)
        let width = PQnfields(result)
        columns = (0..<width).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
        // Where two columns have the same name the first one is found by it.
        columnIndex = Dictionary(columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        rowCount = Int(rows)
        commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        affectedRows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        var content: [UInt8] = []
        var cells: [(start: Int, length: Int32)] = []
        cells.reserveCapacity(rowCount * Int(width))
        for row in 0..<rows {
            for column in 0..<width {
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                    cells.append((content.count, -1))
                    continue
                }
                let length = PQgetlength(result, row, column)
                cells.append((content.count, length))
                content.append(contentsOf: UnsafeRawBufferPointer(start: value, count: Int(length)))
            }
        }
        self.content = content
        self.cells = cells
    }

    func index(of column: String) -> Int? { columnIndex[column] }

    func cell(row: Int, column: Int) -> PostgresCell {
        let cell = cells[row * columns.count + column]
        let bytes = cell.length < 0 ? nil : content[cell.start..<cell.start + Int(cell.length)]
        return PostgresCell(bytes: bytes, column: columns[column])
    }

    var rows: [PostgresRow] { (0..<rowCount).map { PostgresRow(table: self, row: $0) } }
}
