import Jobs
import Redis
import TestSupport
import Testing

/// What operators see of queues, and how they steer them.
@Suite("sluice queues, queue, jobs", .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct QueueCommandTests {
    /// The cells of the line of a queue, by the column's title; titles of two words count as one.
    private func row(_ queue: String, in output: String) -> [String: String] {
        let lines = output.replacing("IN FLIGHT", with: "RUNNING").split(separator: "\n")
        guard let titles = lines.first, let line = lines.first(where: { $0.hasPrefix(queue + " ") }) else { return [:] }
        let cells = line.replacing(" s ", with: "s ").split(separator: " ", maxSplits: 10).map { $0.trimmingPrefix { $0 == " " } }
        return Dictionary(zip(titles.split(separator: " ").map(String.init), cells.map { String($0) })) { first, _ in first }
    }

    @Test("queues shows what waits, runs, is delayed and dead")
    func table() async throws {
        try await CommandFixture.with { fixture in
            let queue = try await fixture.served("parcels")
            try await queue.enqueue((1...5).map { try JobRequest(Parcel(), id: "\($0)", tenant: "t\($0 % 2)") })
            try await queue.buryAll("broken")
            try await queue.enqueue((6...9).map { try JobRequest(Parcel(), id: "\($0)", tenant: "t\($0 % 2)") })
            _ = try await queue.cycle([], want: 1, direct: 1, lease: .seconds(60))
            try await queue.enqueue([JobRequest(Parcel(), delay: .seconds(60))])
            let program = try await fixture.sluice("queues")
            #expect(program.status == 0 && program.errors.isEmpty)
            let row = row("parcels", in: program.output)
            #expect(row["READY"] == "3" && row["DELAYED"] == "1" && row["RUNNING"] == "1" && row["DEAD"] == "5")
            #expect(row["TENANTS"] == "2" && row["OLDEST"]?.hasSuffix("s") == true)
        }
    }

    @Test("queues shows pauses, limits and weights as they were set, and no more once they are lifted")
    func settings() async throws {
        try await CommandFixture.with { fixture in
            _ = try await fixture.served("parcels")
            for arguments in [["pause", "parcels"], ["pause", "parcels", "--tenant", "42"], ["pause", "parcels", "--type", "parcel"]] {
                let paused = try await CommandFixture.sluice(port: fixture.server.port, ["queue"] + arguments)
                #expect(paused.status == 0 && paused.output == "paused\n" && paused.errors.isEmpty)
            }
            #expect(try await fixture.sluice("queue", "pause", "parcels").output == "was paused already\n")
            let limited = try await fixture.sluice(
                "queue", "limit", "parcels", "--in-flight", "64", "--per-tenant", "8", "--rate", "100", "--burst", "20", "--length", "1000",
                "--bytes", "100000", "--weight", "42=3")
            #expect(limited.status == 0 && limited.output == "7 set\n")
            let shown = try await fixture.sluice("queues").output
            #expect(
                shown.contains(
                    "paused, paused tenant 42, paused type parcel, length 1000, bytes 100000, in-flight 64, per-tenant 8, rate 100, burst 20, "
                        + "weight 42=3\n"))
            for name in ["a", "b", "c"] { _ = try await fixture.sluice("queue", "pause", "parcels", "--tenant", name) }
            #expect(try await fixture.sluice("queues").output.contains("paused, 4 × paused tenant, paused type parcel"))

            for arguments in [[], ["--type", "parcel"]] + ["42", "a", "b", "c"].map({ ["--tenant", $0] }) {
                let resumed = try await CommandFixture.sluice(port: fixture.server.port, ["queue", "resume", "parcels"] + arguments)
                #expect(resumed.status == 0 && resumed.output == "resumed\n")
            }
            #expect(try await fixture.sluice("queue", "resume", "parcels").output == "was not paused\n")
            #expect(
                try await fixture.sluice("queue", "limit", "parcels", "--in-flight", "none", "--rate", "50").output == "1 set, 1 lifted\n")
            let lifted = try await fixture.sluice(
                "queue", "limit", "parcels", "--in-flight", "none", "--per-tenant", "none", "--rate", "none", "--burst", "none", "--length",
                "none", "--bytes", "none", "--weight", "42=none")
            #expect(lifted.output == "7 lifted\n")
            let line = try await fixture.sluice("queues").output.split(separator: "\n").last ?? ""
            #expect(line.hasPrefix("parcels ") && !line.contains("paused") && !line.contains("length") && !line.contains("42"))
        }
    }

    @Test("pauses and limits hold")
    func effect() async throws {
        try await CommandFixture.with { fixture in
            let queue = try await fixture.served("parcels")
            _ = try await fixture.sluice("queue", "limit", "parcels", "--length", "2")
            try await queue.enqueue([JobRequest(Parcel()), JobRequest(Parcel())])
            let error = await #expect(throws: JobsError.self) { try await queue.enqueue([JobRequest(Parcel())]) }
            #expect(error?.code == .full && error?.message.contains("sluice queue limit parcels --length") == true)
            _ = try await fixture.sluice("queue", "pause", "parcels")
            #expect(try await queue.cycle([], want: 2, direct: 2, lease: .seconds(60)).entries.isEmpty)
            _ = try await fixture.sluice("queue", "resume", "parcels")
            #expect(try await queue.cycle([], want: 2, direct: 2, lease: .seconds(60)).entries.count == 2)
        }
    }

    @Test("a queue that nobody serves may be steered, but not unnoticed")
    func unknownQueue() async throws {
        try await CommandFixture.with { fixture in
            _ = try await fixture.served("parcels")
            for arguments in [["pause", "parsels"], ["resume", "parsels"], ["limit", "parsels", "--rate", "5"]] {
                let program = try await CommandFixture.sluice(port: fixture.server.port, ["queue"] + arguments)
                #expect(program.status == 0 && program.errors.contains("no worker has served parsels"))
                #expect(program.errors.contains("workers have served parcels"))
            }
        }
    }

    @Test(
        "wrong arguments are said in words",
        arguments: [
            (["queue", "pause", "a/b"], Int32(1), "a queue name has"), (["queue", "pause", "q", "--tenant", "a|b"], 1, "no job can have"),
            (["queue", "pause", "q", "--tenant", "a", "--type", "b"], 64, "not both"), (["queue", "limit", "q"], 64, "name a limit"),
            (["queue", "limit", "q", "--rate", "-1"], 64, "rate"), (["queue", "limit", "q", "--weight", "a=65"], 64, "1 to 64"),
            (["jobs", "cancel", "q"], 64, "ids"),
        ])
    func wrongArguments(arguments: [String], status: Int32, message: String) async throws {
        try await CommandFixture.with { fixture in
            let program = try await CommandFixture.sluice(port: fixture.server.port, arguments)
            #expect(program.status == status && program.output.isEmpty)
            #expect(program.errors.contains(message) && !program.errors.contains("invalidJob"))
        }
    }

    @Test("jobs cancel says of each id what became of it, and fails unless all were cancelled")
    func cancel() async throws {
        try await CommandFixture.with { fixture in
            let queue = try await fixture.served("parcels")
            try await queue.enqueue([JobRequest(Parcel(), id: "dead")])
            try await queue.buryAll("broken")
            try await queue.enqueue(["runs", "waits"].map { try JobRequest(Parcel(), id: $0) })
            _ = try await queue.cycle([], want: 1, direct: 1, lease: .seconds(60))
            let cancelled = try await fixture.sluice("jobs", "cancel", "parcels", "waits", "runs")
            #expect(cancelled.status == 0 && cancelled.output == "waits\tcancelled\nruns\tcancelled\n")
            let mixed = try await fixture.sluice("jobs", "cancel", "parcels", "waits", "dead", "nobody")
            #expect(mixed.status == 1 && mixed.output == "waits\tcancelled\ndead\tdead: drop it instead\nnobody\tno such job\n")
            #expect(try await queue.cycle([], want: 5, direct: 5, lease: .seconds(60)).entries.isEmpty)
        }
    }

    @Test("without Redis, commands say where they looked for it, and end")
    func noRedis() async throws {
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        for arguments in [["queues"], ["queue", "pause", "q"], ["dead", "ls", "q"], ["jobs", "cancel", "q", "1"], ["check"]] {
            let program = try await CommandFixture.sluice(port: port, arguments)
            #expect(program.status == 1 && program.output.isEmpty)
            #expect(program.errors.contains("SLUICE_REDIS_URL") && !program.errors.contains("unavailable:"))
        }
    }
}
