import ArgumentParser

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database to the schema of this version. Safe to run at any time, from several machines at once.")

    func run() async throws {
        let applied = try await Composition.migrate()
        for migration in applied { print("applied \(migration)") }
        if applied.isEmpty { print("nothing to do") }
    }
}
