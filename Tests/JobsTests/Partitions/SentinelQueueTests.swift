import Jobs
import Redis
import RedisSupport
import TestSupport
import Testing

/// Against real servers and sentinels of the test's own.
@Suite(.timeLimit(.minutes(2 * Patience.factor)), .serialized) struct SentinelQueueTests {
    @Test("H95 after a failover the worker goes on by itself, and what was lost is brought back by whoever keeps a record")
    func failover() async throws {
        let servers = try await SentinelServers.start()
        try await RedisClient.with(servers.url) { client in
            let queue = try RedisJobQueue(client: client, name: "failover")
            let ran = Record<String>()
            let (accepted, killed) = (Record<String>(), Gate())
            try await withWorker(queue, concurrency: 8, lease: .seconds(2).stretched) { note, _ in
                try await Task.sleep(for: .milliseconds(2))
                ran.add(note.text)
                return .done
            } _: { worker, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    // Repeats each batch until it has an answer.
                    group.addTask {
                        for start in stride(from: 0, to: 3000, by: 20) {
                            // The second half of the jobs meets the outage.
                            if start == 1500 { await killed.pass() }
                            let batch = try (start..<start + 20).map { try JobRequest(Note(text: "j\($0)"), id: "j\($0)") }
                            while (try? await queue.enqueue(batch)) == nil { try await Task.sleep(for: .milliseconds(20)) }
                            for request in batch { accepted.add(request.id) }
                        }
                    }
                    await ran.wait(for: 300)
                    servers.first.kill()
                    killed.open()
                    try await group.waitForAll()
                }
                #expect(accepted.events.count == 3000)
                try await expectEventually(.seconds(60).stretched) { (try? await queue.isEmpty) == true }
                try await expectEventually(.seconds(30).stretched) { worker.isReady }
                let done = Set(ran.events)
                let lost = (0..<3000).map { "j\($0)" }.filter { !done.contains($0) }
                try await queue.enqueue(lost.map { try JobRequest(Note(text: $0), id: $0) })
                try await expectEventually(.seconds(30).stretched) { Set(ran.events).count == 3000 }
                try await expectEventually { try await queue.isEmpty }
                print(
                    "primary killed: 3000 jobs, \(lost.count) lost by the failover and enqueued again, \(ran.events.count - 3000) runs too many"
                )
                // At most all that was accepted and had not run at the kill, should the replica lag so far.
                #expect(lost.count <= 1200)
            }
            #expect(try await queue.dead().isEmpty)
            #expect(try await queue.check() == [])
        }
    }

    @Test("H95 no sentinel, or an unknown name: the message of the queue says what to do")
    func unreachable() async throws {
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        try await RedisClient.with("redis+sentinel://127.0.0.1:\(port)/mymaster") { client in
            let error = await #expect(throws: JobsError.self) { try await RedisJobQueue(client: client, name: "q").notes("a") }
            #expect(error?.code == .unavailable)
            #expect(error?.description.contains("no sentinel answers, asked were 127.0.0.1:\(port)") == true)
        }
        let server = try await RedisServerProcess.start()
        let sentinel = try await RedisServerProcess.startSentinel(["sentinel monitor mymaster 127.0.0.1 \(server.port) 1"])
        try await RedisClient.with("redis+sentinel://127.0.0.1:\(sentinel.port)/other") { client in
            let error = await #expect(throws: JobsError.self) { try await RedisJobQueue(client: client, name: "q").notes("a") }
            #expect(error?.description.contains("SENTINEL MASTERS") == true)
        }
    }
}
