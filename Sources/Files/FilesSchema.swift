public import Postgres

/// The part of the database schema that this module owns.
public enum FilesSchema {
    public static var migrations: [Migration] {
        [Migration(number: 2, name: "files", sql: String(decoding: PackageResources._002_files_sql, as: UTF8.self))]
    }
}
