import ArgumentParser
import Jobs

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `sluice dead …`: the jobs that were given up.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Jobs that were given up: list, look at, try again, forget.",
        subcommands: [List.self, Show.self, Replay.self, Drop.self])

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).ISO8601Format()
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "One line each, oldest first: id, time of death, type, tenant, tries, crashes, reason.")

        @Argument(help: "The queue, as `sluice queues` lists it.")
        var queue: String

        @Option(help: "At most so many; all unless given.")
        var limit: Int?

        func run() async throws {
            let limit = limit ?? .max
            try await Composition.withQueue(named: queue) { queue in
                try await DeadCommand.pages(of: queue, limit: limit) { page in
                    for job in page {
                        print(
                            job.id, time(job.diedAt), job.type ?? "?", job.tenant ?? "?", job.attempts.map(String.init) ?? "?",
                            job.crashes.map(String.init) ?? "?", job.reason, separator: "\t")
                    }
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All that is known of one dead job, its payload included.")

        @Argument(help: "The queue.") var queue: String
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            let id = id
            let found = try await Composition.withQueue(named: queue) { try await $0.dead(id: id) }
            guard let (job, payload) = found else {
                throw OperatorError("no dead job of \(queue) has the id \(id); `sluice dead ls \(queue)` lists them")
            }
            let lines = [
                ("id", job.id), ("died", time(job.diedAt)), ("reason", job.reason), ("type", job.type ?? "cannot be read"),
                ("tenant", job.tenant ?? "cannot be read"), ("tries", job.attempts.map(String.init) ?? "cannot be read"),
                ("crashes", job.crashes.map(String.init) ?? "cannot be read"),
                ("payload", payload.map { String(decoding: $0, as: UTF8.self).debugDescription } ?? "cannot be read"),
            ]
            for (name, value) in lines { print(name + String(repeating: " ", count: 9 - name.count) + value) }
        }
    }

    /// Which jobs a command is about.
    struct Selection: ParsableArguments {
        @Argument(help: "The queue.") var queue: String
        @Argument(help: "Ids of jobs.") var ids: [String] = []
        @Flag(help: "All dead jobs of the queue.") var all = false

        func validate() throws {
            guard all == ids.isEmpty else { throw ValidationError("name ids, or say --all") }
        }

        /// Applies a change to the jobs selected now, and says to how many it applied; those that die meanwhile are left alone.
        ///
        /// - Throws: `OperatorError` when not all of the jobs that were named are dead and willing.
        func change(_ done: String, _ body: @escaping @Sendable (PartitionedJobQueue, [String]) async throws -> Int) async throws {
            let given = ids
            let count = try await Composition.withQueue(named: queue) { queue in
                guard given.isEmpty else { return try await body(queue, given) }
                var selected: [String] = []
                try await DeadCommand.pages(of: queue, limit: .max) { selected += $0.map(\.id) }
                return try await body(queue, selected)
            }
            print("\(done) \(count)")
            let left = Set(ids).count - count
            guard left <= 0 else {
                throw OperatorError(
                    "\(left) of these jobs: not in the dead set of \(queue), not readable, or another job holds the unique key; "
                        + "`sluice dead show \(queue) ID` tells which")
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Puts dead jobs back to work, as if new.")

        @OptionGroup var selection: Selection

        func run() async throws {
            try await selection.change("replayed") { try await $0.replay($1) }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets dead jobs for good.")

        @OptionGroup var selection: Selection

        func run() async throws {
            try await selection.change("dropped") { try await $0.drop($1) }
        }
    }

    private static func pages(of queue: PartitionedJobQueue, limit: Int, _ body: ([DeadJob]) -> Void) async throws {
        var (left, cursor): (Int, DeadCursor?) = (limit, nil)
        while left > 0 {
            let page = try await queue.dead(after: cursor, limit: left)
            if page.isEmpty { return }
            body(page)
            left -= page.count
            cursor = page.last?.cursor
        }
    }
}
