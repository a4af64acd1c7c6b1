import Jobs
import Platform
import Redis
import RedisSupport
import Synchronization
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct LeaseRecoveryTests {

    @Test func aLostLeaseCancelsItsHandlerAndNoOther() async throws {
        try await RedisJobQueue.with { queue in
            let (started, cancelled, gate) = (Record<String>(), Record<String>(), Gate())
            _ = try await queue.notes("victim", "other")
            try await withWorker(queue, lease: .milliseconds(900).stretched) { _, context in
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

@Suite(.requires(.redis), .timeLimit(.minutes(2 * Patience.factor)), .serialized) struct OutageTests {
    @Test("H95 a worker goes on by itself after Redis was killed and restarted, and no job is lost")
    func restart() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--appendonly", "yes", "--appendfsync", "always"])
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "outage")
            let ran = Record<String>()
            try await queue.enqueue((0..<600).map { try JobRequest(Note(text: "\($0)")) })
            try await withWorker(queue, lease: .seconds(2).stretched) { note, _ in
                try await Task.sleep(for: .milliseconds(2))
                ran.add(note.text)
                return .done
            } _: { worker, _ in
                await ran.wait(for: 100)
                server.kill()
                try await expectEventually { !worker.isReady }
                try await server.restart()
                try await expectEventually { worker.isReady }
                try await expectEventually(.seconds(30)) { (try? await queue.isEmpty) == true }
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
            try await withWorker(queue, lease: .milliseconds(900).stretched) { _, context in
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
                try await expectEventually { try await queue.isEmpty }
            }
            #expect(started.events == ["old", "new"])
            #expect(try await queue.check() == [])
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
                try await expectEventually { worker.isReady }
                _ = try await queue.notes("a")
                await ran.wait(for: 1)
            }
        }
    }
}
