public import Postgres

/// The part of the database schema that this module owns.
public enum FilesSchema {
    /// In their order; those of other modules have the numbers between.
    public static var migrations: [Migration] {
        [
            Migration(number: 2, name: "files", sql: String(decoding: PackageResources._002_files_sql, as: UTF8.self)),
            Migration(number: 9, name: "uploads", sql: String(decoding: PackageResources._009_uploads_sql, as: UTF8.self)),
            Migration(number: 10, name: "usage", sql: String(decoding: PackageResources._010_usage_sql, as: UTF8.self)),
            Migration(number: 11, name: "replies", sql: String(decoding: PackageResources._011_replies_sql, as: UTF8.self)),
            Migration(number: 12, name: "creations", sql: String(decoding: PackageResources._012_creations_sql, as: UTF8.self)),
            Migration(number: 13, name: "search", sql: String(decoding: PackageResources._013_search_sql, as: UTF8.self)),
            Migration(number: 14, name: "areas", sql: String(decoding: PackageResources._014_areas_sql, as: UTF8.self)),
        ]
    }
}
