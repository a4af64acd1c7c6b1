import ArgumentParser

/// `sluice`, the operator's tool. It reads the same environment as the processes.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Runs a Sluice installation from the shell.",
        discussion: "The settings come from the environment, as for Web and Worker; `. .run/env` loads those of `make run`.",
        subcommands: [
            MigrateCommand.self, UserCommand.self, TokenCommand.self, AuditCommand.self, FilesCommand.self, QuotaCommand.self,
            QueuesCommand.self,
            QueueCommand.self,
            DeadCommand.self, JobsCommand.self, CheckCommand.self, SettingsCommand.self, BenchCommand.self,
        ])
}
