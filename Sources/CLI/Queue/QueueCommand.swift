import ArgumentParser
import Glibc
import Jobs

/// `sluice queue …`: stop, go on, limit.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Steers a queue; all workers and producers obey at once.",
        subcommands: [Pause.self, Resume.self, Limit.self])

    /// Steering a queue before its first worker starts is right; a misspelt one must not pass for it.
    private static func warnIfUnknown(_ queue: String) async throws {
        let names = try await Composition.withRedis { try await QueueDirectory(client: $0).names() }
        guard !names.contains(queue) else { return }
        let text = Array("warning: \(unknown(queue, names))\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
    }

    /// What is to be said of a queue that is not among those that workers serve.
    static func unknown(_ queue: String, _ names: [String]) -> String {
        "no worker has served \(queue) within a week; workers have served "
            + (names.isEmpty ? "no queue at all" : names.joined(separator: ", "))
    }

    /// What a pause is about.
    struct Target: ParsableArguments {
        @Argument(help: "The queue, as `sluice queues` lists it.")
        var queue: String

        @Option(help: "Only the jobs of this tenant.")
        var tenant: String?

        @Option(help: "Only the jobs of this type.")
        var type: String?

        func validate() throws {
            guard tenant == nil || type == nil else { throw ValidationError("--tenant or --type, not both") }
        }

        var scope: PauseScope { tenant.map { .tenant($0) } ?? type.map { .type($0) } ?? .queue }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Starts no more jobs; those that run go on.")

        @OptionGroup var target: Target

        func run() async throws {
            let scope = target.scope
            let changed = try await Composition.withQueue(named: target.queue) { try await $0.pause(scope) }
            print(changed ? "paused" : "was paused already")
            try await QueueCommand.warnIfUnknown(target.queue)
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a pause.")

        @OptionGroup var target: Target

        func run() async throws {
            let scope = target.scope
            let changed = try await Composition.withQueue(named: target.queue) { try await $0.resume(scope) }
            print(changed ? "resumed" : "was not paused")
            try await QueueCommand.warnIfUnknown(target.queue)
        }
    }

    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets limits, which last until they are lifted with `none`.",
            discussion: "Example: sluice queue limit transfer@default --in-flight 64 --weight 42=3 --rate none")

        @Argument(help: "The queue, as `sluice queues` lists it.")
        var queue: String

        @Option(help: "Jobs that may exist, dead ones apart; more are refused.")
        var length: LimitValue?

        @Option(help: "Bytes of all jobs, dead ones included; more are refused.")
        var bytes: LimitValue?

        @Option(help: "Jobs that may run at a time, over all workers.")
        var inFlight: LimitValue?

        @Option(help: "Jobs of one tenant that may run at a time.")
        var perTenant: LimitValue?

        @Option(help: "Starts per second, over all workers.")
        var rate: LimitValue?

        @Option(help: "Starts that may come at once within the rate.")
        var burst: LimitValue?

        @Option(help: "A tenant's share among others, as in 42=3; 1 unless set, up to 64.")
        var weight: [WeightOption] = []

        func validate() throws {
            guard !changes.isEmpty else { throw ValidationError("name a limit") }
            // All of them before the first is set.
            for change in changes {
                do { try change.limit.validate(change.value) } catch { throw ValidationError(error.message) }
            }
        }

        private var changes: [(limit: QueueLimit, value: Int?)] {
            let given: [(QueueLimit, LimitValue?)] = [
                (.length, length), (.bytes, bytes), (.inFlight, inFlight), (.inFlightPerTenant, perTenant), (.rate, rate), (.burst, burst),
            ]
            return given.compactMap { limit, value in value.map { (limit, $0.number) } }
                + weight.map { (.weight(tenant: $0.tenant), $0.value.number) }
        }

        func run() async throws {
            let changes = changes
            try await Composition.withQueue(named: queue) { queue in
                for change in changes { try await queue.limit(change.limit, to: change.value) }
            }
            let lifted = changes.count { $0.value == nil }
            let words = [(changes.count - lifted, "set"), (lifted, "lifted")].filter { $0.0 > 0 }.map { "\($0) \($1)" }
            print(words.joined(separator: ", "))
            try await QueueCommand.warnIfUnknown(queue)
        }
    }
}

/// A positive number, or `none`.
struct LimitValue: ExpressibleByArgument {
    let number: Int?

    init?(argument: String) {
        if argument == "none" {
            number = nil
        } else {
            guard let number = Int(argument), number > 0 else { return nil }
            self.number = number
        }
    }
}

/// `tenant=weight`.
struct WeightOption: ExpressibleByArgument {
    let tenant: String
    let value: LimitValue

    init?(argument: String) {
        guard let cut = argument.lastIndex(of: "="), let value = LimitValue(argument: String(argument[argument.index(after: cut)...]))
        else {
            return nil
        }
        tenant = String(argument[..<cut])
        self.value = value
    }
}
