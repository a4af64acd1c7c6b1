import Glibc
import Jobs
import Platform
import Redis
import Synchronization
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(1))) struct LeaseRecoveryTests {
    @Test func jobsOfAFrozenConsumerRunElsewhere() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<JobContext>()
            _ = try await queue.notes("a", "b")
            // A consumer that claims and is never heard of again.
            let frozen = try await queue.cycle([], want: 2, lease: .milliseconds(900))
            #expect(frozen.entries.count == 2)
            let start = ContinuousClock.now
            try await withWorker(queue, lease: .milliseconds(900)) { _, context in
                ran.add(context)
                return .done
            } _: { _, _ in
                await ran.wait(for: 2)
            }
            #expect(start.duration(to: .now) < .milliseconds(900 + 1000))
            #expect(
                ran.events.allSatisfy { $0.crashes == 1 && $0.attempt == 1 && $0.previousEpoch == frozen.epoch && $0.epoch > frozen.epoch })
            #expect(try await queue.check() == [])
        }
    }

    @Test func aHandlerThatBlocksItsThreadKeepsItsLease() async throws {
        try await RedisJobQueue.with { queue in
            let ran = Record<(Bool, Int)>()
            let count = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            try await queue.enqueue((0..<count).map { _ in try JobRequest(Note()) })
            try await withWorker(queue, concurrency: count, lease: .milliseconds(900)) { _, context in
                // Every thread of the cooperative pool: nothing but the heartbeat's own can renew the leases.
                usleep(2_500_000)
                ran.add((context.isCurrent(), context.crashes))
                return .done
            } _: { _, _ in
                await ran.wait(for: count)
            }
            #expect(ran.events.allSatisfy { $0.0 && $0.1 == 0 })
            #expect(ran.events.count == count)
        }
    }

    @Test func aLostLeaseCancelsItsHandlerAndNoOther() async throws {
        try await RedisJobQueue.with { queue in
            let (started, cancelled, gate) = (Record<String>(), Record<String>(), Gate())
            _ = try await queue.notes("victim", "other")
            try await withWorker(queue, lease: .milliseconds(900)) { _, context in
                started.add(context.id)
                if context.id == "victim", context.epoch != 0, cancelled.events.isEmpty {
                    try? await Task.sleep(for: .seconds(60))
                    if Task.isCancelled { cancelled.add(context.id) }
                    return .done
                }
                await gate.pass()
                if Task.isCancelled { cancelled.add(context.id) }
                return .done
            } _: { _, _ in
                await started.wait(for: 2)
                let leases = try await queue.client.send(RedisCommand("ZRANGE", RedisArgument(queue.keys.leases), 0, -1)).array ?? []
                for lease in leases.compactMap(\.bytes) where String(decoding: lease, as: UTF8.self).contains("|victim|") {
                    _ = try await queue.client.send(RedisCommand("ZREM", RedisArgument(queue.keys.leases), RedisArgument(lease)))
                }
                #expect(await cancelled.wait(for: 1) == ["victim"])
                gate.open()
            }
            #expect(cancelled.events == ["victim"])
        }
    }
}

@Suite(.requires(.redis), .timeLimit(.minutes(2)), .serialized) struct OutageTests {
    @Test("H95 a worker goes on by itself after Redis was killed and restarted, and no job is lost")
    func restart() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--appendonly", "yes", "--appendfsync", "always"])
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "outage")
            let ran = Record<String>()
            try await queue.enqueue((0..<600).map { try JobRequest(Note(text: "\($0)")) })
            try await withWorker(queue, lease: .seconds(2)) { note, _ in
                try await Task.sleep(for: .milliseconds(2))
                ran.add(note.text)
                return .done
            } _: { worker, _ in
                await ran.wait(for: 100)
                server.kill()
                #expect(try await eventually { !worker.isReady })
                try await server.restart()
                #expect(try await eventually { worker.isReady })
                #expect(try await eventually(.seconds(30)) { (try? await queue.isEmpty) == true })
            }
            #expect(Set(ran.events).count == 600)
            #expect(ran.events.count <= 600 + 4 + 256, "at most what was in flight ran twice")
            #expect(try await queue.dead().isEmpty)
            #expect(try await queue.check() == [])
        }
    }

    @Test("H95 a worker goes on by itself after FLUSHALL, and its running handlers are told")
    func flush() async throws {
        let server = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "flush")
            let (started, cancelled) = (Record<String>(), Record<String>())
            _ = try await queue.notes("old")
            try await withWorker(queue, lease: .milliseconds(900)) { _, context in
                started.add(context.id)
                if context.id == "old" {
                    try? await Task.sleep(for: .seconds(60))
                    cancelled.add("\(context.isCurrent())")
                }
                return .done
            } _: { _, _ in
                await started.wait(for: 1)
                _ = try await client.send(RedisCommand("FLUSHALL"))
                #expect(await cancelled.wait(for: 1) == ["false"])
                _ = try await queue.notes("new")
                await started.wait(for: 2)
                #expect(try await eventually { try await queue.isEmpty })
            }
            #expect(started.events == ["old", "new"])
            #expect(try await queue.check() == [])
        }
    }

    @Test("an idle worker polls nothing")
    func idle() async throws {
        let server = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "idle")
            let ran = Record<Void>()
            func commands() async throws -> Int {
                let info = try await client.send(RedisCommand("INFO", "stats")).string ?? ""
                let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_commands_processed:") }
                return line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? -1
            }
            _ = try await queue.notes("a")
            try await withWorker(queue) { _, _ in
                ran.add(())
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
                #expect(try await eventually { try await queue.isEmpty })
                // The gauges follow once within five seconds of the last job; what is measured begins after that.
                try await Task.sleep(for: .seconds(6))
                let before = try await commands()
                try await Task.sleep(for: .seconds(12))
                let rate = Double(try await commands() - before - 1) / 12
                #expect(rate <= 0.5)
            }
        }
    }

    @Test("H95 a worker that starts before Redis waits for it")
    func lateServer() async throws {
        let server = try await RedisServerProcess.start()
        server.kill()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "late")
            let ran = Record<Void>()
            try await withWorker(queue) { _, _ in
                ran.add(())
                return .done
            } _: { worker, _ in
                #expect(!worker.isReady)
                try await server.restart()
                #expect(try await eventually { worker.isReady })
                _ = try await queue.notes("a")
                await ran.wait(for: 1)
            }
        }
    }
}
