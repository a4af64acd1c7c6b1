public import Postgres

/// The part of the database schema that this module owns.
public enum AccountsSchema {
    public static var migrations: [Migration] {
        [
            Migration(number: 1, name: "accounts", sql: String(decoding: PackageResources._001_accounts_sql, as: UTF8.self)),
            Migration(number: 3, name: "signin", sql: String(decoding: PackageResources._003_signin_sql, as: UTF8.self)),
            Migration(number: 4, name: "delivery", sql: String(decoding: PackageResources._004_delivery_sql, as: UTF8.self)),
            Migration(number: 5, name: "devices", sql: String(decoding: PackageResources._005_devices_sql, as: UTF8.self)),
            Migration(number: 6, name: "registrations", sql: String(decoding: PackageResources._006_registrations_sql, as: UTF8.self)),
            Migration(number: 7, name: "disabled", sql: String(decoding: PackageResources._007_disabled_sql, as: UTF8.self)),
            Migration(number: 8, name: "scopes", sql: String(decoding: PackageResources._008_scopes_sql, as: UTF8.self)),
        ]
    }
}
