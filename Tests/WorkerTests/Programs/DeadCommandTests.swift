import Jobs
import Redis
import TestSupport
import Testing

/// The dead set as operators see it.
@Suite("sluice dead", .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct DeadCommandTests {
    private func withDead(_ count: Int, _ body: @Sendable (CommandFixture, RedisJobQueue) async throws -> Void) async throws {
        try await CommandFixture.with { fixture in
            let queue = try await fixture.served("parcels")
            for start in stride(from: 1, through: count, by: 500) {
                try await queue.enqueue(
                    (start...min(count, start + 499)).map { try JobRequest(Parcel(text: "p\($0)"), id: "job\($0)", tenant: "42") })
                try await queue.buryAll("the address is\nunknown")
            }
            try await body(fixture, queue)
        }
    }

    @Test("ls prints a line for each, over more than one page, and no more than asked")
    func list() async throws {
        try await withDead(501) { fixture, _ in
            let program = try await fixture.sluice("dead", "ls", "parcels")
            let lines = program.output.split(separator: "\n").map { $0.split(separator: "\t") }
            #expect(program.status == 0 && lines.count == 501)
            #expect(lines.allSatisfy { $0.count == 7 && $0[2] == "parcel" && $0[3] == "42" && $0[6] == "the address is unknown" })
            #expect(Set(lines.map { $0[0] }).count == 501)
            #expect(try await fixture.sluice("dead", "ls", "parcels", "--limit", "3").output.split(separator: "\n").count == 3)
            #expect(try await fixture.sluice("dead", "ls", "other").output == "")
        }
    }

    @Test("show prints all that is known, the payload included; an id that is not dead is an error with advice")
    func show() async throws {
        try await withDead(1) { fixture, _ in
            let program = try await fixture.sluice("dead", "show", "parcels", "job1")
            #expect(program.status == 0)
            for text in ["id       job1\n", "reason   the address is unknown\n", "type     parcel\n", "tenant   42\n", #"\"p1\""#] {
                #expect(program.output.contains(text))
            }
            let missing = try await fixture.sluice("dead", "show", "parcels", "job2")
            #expect(missing.status == 1 && missing.output.isEmpty)
            #expect(missing.errors.contains("has the id job2; `sluice dead ls parcels`") && !missing.errors.contains("Usage"))
        }
    }

    @Test("what cannot be read is shown as such, and can be dropped but not replayed")
    func unreadable() async throws {
        try await CommandFixture.with { fixture in
            let queue = try await fixture.served("parcels")
            _ = try await fixture.client.send(RedisCommand("ZADD", RedisArgument(queue.keys.delayed), 1, "rubbish"))
            _ = try await queue.cycle([], want: 1, direct: 1, lease: .seconds(60))
            let line = try await fixture.sluice("dead", "ls", "parcels").output.split(separator: "\t")
            let id = String(line.first ?? "")
            #expect(line.count == 7 && id.hasPrefix("malformed-") && line[2] == "?")
            #expect(try await fixture.sluice("dead", "show", "parcels", id).output.contains("payload  cannot be read\n"))
            let replayed = try await fixture.sluice("dead", "replay", "parcels", id)
            #expect(replayed.status == 1 && replayed.output == "replayed 0\n" && replayed.errors.contains("not readable"))
            let dropped = try await fixture.sluice("dead", "drop", "parcels", id)
            #expect(dropped.status == 0 && dropped.output == "dropped 1\n")
            #expect(try await queue.check() == [])
        }
    }

    @Test("replay puts one or all back to work, drop forgets one or all; what is not dead is said")
    func replayAndDrop() async throws {
        try await withDead(600) { fixture, queue in
            let one = try await fixture.sluice("dead", "replay", "parcels", "job7")
            #expect(one.status == 0 && one.output == "replayed 1\n")
            let again = try await fixture.sluice("dead", "replay", "parcels", "job7", "job8")
            #expect(again.status == 1 && again.output == "replayed 1\n" && again.errors.contains("1 of these jobs"))
            #expect(try await fixture.sluice("dead", "drop", "parcels", "job9").output == "dropped 1\n")
            #expect(try await fixture.sluice("dead", "replay", "parcels", "--all").output == "replayed 597\n")
            let state = try await queue.snapshot()
            #expect(state.ready == 599 && state.dead == 0)
            try await queue.buryAll("again")
            #expect(try await fixture.sluice("dead", "drop", "parcels", "--all").output == "dropped 599\n")
            #expect(try await queue.check() == [])
        }
    }

    @Test("neither ids nor --all, or both, is refused", arguments: ["replay", "drop"])
    func selection(command: String) async throws {
        try await withDead(1) { fixture, queue in
            for arguments in [[], ["job1", "--all"]] {
                let program = try await CommandFixture.sluice(port: fixture.server.port, ["dead", command, "parcels"] + arguments)
                #expect(program.status == 64)
            }
            #expect(try await queue.snapshot().dead == 1)
        }
    }
}
