package import ArgumentParser
import Jobs
import Platform

/// The command line of a worker.
package struct Options: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "Worker", abstract: "Transfers files to the FTP server, removes them there, and sends mails.")

    /// `name=concurrency`.
    package struct QueueOption: ExpressibleByArgument, Equatable {
        package let name: String
        package let concurrency: Int

        package init(name: String, concurrency: Int) {
            self.name = name
            self.concurrency = concurrency
        }

        package init?(argument: String) {
            let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, Options.served.contains(String(parts[0])), let concurrency = Int(parts[1]),
                (1...1024).contains(concurrency)
            else { return nil }
            self.init(name: String(parts[0]), concurrency: concurrency)
        }

        package var defaultValueDescription: String { "\(name)=\(concurrency)" }
    }

    package static let standard = [
        QueueOption(name: TransferFile.queue, concurrency: 32), QueueOption(name: DeleteFile.queue, concurrency: 8),
        QueueOption(name: SendMail.queue, concurrency: 8), QueueOption(name: Reconcile.queue, concurrency: 1),
        QueueOption(name: SweepParts.queue, concurrency: 1), QueueOption(name: PurgeExpired.queue, concurrency: 1),
    ]
    package static let served = standard.map(\.name)
    /// Those whose jobs concern no staging area.
    package static let withoutArea: Set = [SendMail.queue, PurgeExpired.queue]

    @Option(
        name: .customLong("queue"),
        help: """
            A queue to serve and how many of its jobs at a time, as in --queue transfer=32. May be given several times; without \
            it: transfer=32, delete=8, mail=8, maintenance=1, sweep=1, purge=1.
            """
    )
    var given: [QueueOption] = []

    package init() {}

    package func validate() throws {
        guard Set(given.map(\.name)).count == given.count else { throw ValidationError("--queue names a queue twice") }
    }

    var queues: [QueueOption] { given.isEmpty ? Self.standard : given }
    /// Only who serves mails needs to know how to send them.
    var servesMail: Bool { queues.contains { $0.name == SendMail.queue } }
}
