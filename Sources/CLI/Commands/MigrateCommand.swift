import Accounts
import ArgumentParser
import Files
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database to the schema of this version. Safe to run at any time, from several machines at once.")

    func run() async throws {
        let applied = try await Composition.withPostgres { pool in
            try await Migrator(pool: pool, migrations: AccountsSchema.migrations + FilesSchema.migrations).migrate()
        }
        for migration in applied { print("applied \(migration.number) \(migration.name)") }
        if applied.isEmpty { print("nothing to do") }
    }
}
