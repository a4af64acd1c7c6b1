import ArgumentParser

/// `sluice`, the operator's tool. It reads the same environment as the processes.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Runs a Sluice installation from the shell, and sends files to one.",
        discussion: """
            put, ls, get and rm talk to any Sluice, with SLUICE_URL and SLUICE_TOKEN or ~/.config/sluice/client. The others run \
            an installation: their settings come from the environment, as for Web and Worker; `. .run/env` loads those of `make run`.
            """,
        subcommands: [
            PutCommand.self, LsCommand.self, GetCommand.self, RmCommand.self,
            MigrateCommand.self, UserCommand.self, TokenCommand.self, AuditCommand.self, FilesCommand.self, QuotaCommand.self,
            AreaCommand.self, QueuesCommand.self,
            QueueCommand.self,
            DeadCommand.self, JobsCommand.self, CheckCommand.self, SettingsCommand.self, BenchCommand.self,
        ])
}
