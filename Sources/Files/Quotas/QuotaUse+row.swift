import Platform
import Postgres

extension QuotaUse {
    static let columns: SQL = "owner_id, bytes, files, byte_limit, file_limit, version"

    /// What stands in a row for a limit that is none, whatever the settings say.
    static let noLimit = Int64.max

    /// - Parameter limits: for those who have none of their own.
    init(_ row: PostgresRow, limits: QuotaLimits) throws(PostgresError) {
        let own = QuotaLimits(bytes: try row.decode("byte_limit"), files: try row.decode("file_limit"))
        self.init(
            bytes: try row.decode("bytes"), files: try row.decode("files"),
            limits: QuotaLimits(bytes: Self.limit(own.bytes ?? limits.bytes), files: Self.limit(own.files ?? limits.files)),
            version: try row.decode("version"))
    }

    private static func limit(_ limit: Int64?) -> Int64? { limit == noLimit ? nil : limit }
}
