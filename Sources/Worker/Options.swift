import ArgumentParser
import Jobs
import Platform

/// The command line of a worker.
struct Options: ParsableArguments {
    /// `name=concurrency`.
    struct QueueOption: ExpressibleByArgument {
        let name: String
        let concurrency: Int

        init(name: String, concurrency: Int) {
            self.name = name
            self.concurrency = concurrency
        }

        init?(argument: String) {
            let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, Options.served.contains(String(parts[0])), let concurrency = Int(parts[1]),
                (1...1024).contains(concurrency)
            else { return nil }
            self.init(name: String(parts[0]), concurrency: concurrency)
        }

        var defaultValueDescription: String { "\(name)=\(concurrency)" }
    }

    static let served = [TransferFile.queue, DeleteFile.queue, Reconcile.queue]
    private static let standard = [
        QueueOption(name: TransferFile.queue, concurrency: 32), QueueOption(name: DeleteFile.queue, concurrency: 8),
        QueueOption(name: Reconcile.queue, concurrency: 1),
    ]

    @Option(
        name: .customLong("queue"),
        help:
            "A queue to serve and how many of its jobs at a time, as in --queue transfer=32. May be given several times; without it: transfer=32, delete=8, maintenance=1."
    )
    var given: [QueueOption] = []

    var queues: [QueueOption] { given.isEmpty ? Self.standard : given }
}
