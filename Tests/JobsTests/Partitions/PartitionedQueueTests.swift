import Jobs
import Platform
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct PartitionedQueueTests {
    @Test func aTenantStaysWhereItIsOverVersionsAndMachines() {
        let places = ["", "a", "b", "tenant-1", "0190a1b2-0000-7000-8000-000000000001"].map { TenantPartition.of($0, among: 8) }
        #expect(places == Self.pinned)
        var counts = [Int](repeating: 0, count: 8)
        for number in 0..<8000 { counts[TenantPartition.of("tenant-\(number)", among: 8)] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    /// By an independent implementation of FNV-1a.
    private static let pinned = [1, 0, 1, 3, 2]

    @Test func jobsLieWithTheirTenantsAndNumbersAddUp() async throws {
        try await PartitionedJobQueue.with(4) { queue, _ in
            let requests = try (0..<1200).map { try JobRequest(Note(), id: "j\($0)", tenant: "t\($0 % 40)") }
            #expect(try await queue.enqueue(requests).allSatisfy { $0 == .enqueued })
            var again = requests
            again.insert(try JobRequest(Note(), id: "new", tenant: "t7"), at: 600)
            let results = try await queue.enqueue(again)
            #expect(results[600] == .enqueued)
            #expect(results.count { $0 == .duplicate(.live) } == 1200)
            #expect(try await queue.snapshot().ready == 1201)
            #expect(try await queue.snapshot().lanes == 40)
            #expect(try await queue.check() == [])
            for (index, partition) in queue.partitions.enumerated() {
                let expected = again.filter { queue.index(of: $0.tenant) == index }
                #expect(!expected.isEmpty)
                var claimed: [Claimed] = []
                while claimed.count < expected.count {
                    let more = try await partition.claim(RedisJobQueue.batchLimit)
                    if more.isEmpty { break }
                    claimed += more
                }
                #expect(Set(claimed.ids) == Set(expected.map(\.id)))
                // In order within each tenant.
                for tenant in Set(expected.map(\.tenant)) where tenant != "t7" {
                    #expect(claimed.filter { $0.entry.tenant == tenant }.ids == expected.filter { $0.tenant == tenant }.map(\.id))
                }
            }
            #expect(try await queue.snapshot().inFlight == 1201)
        }
    }

    @Test func theDeadSetIsPagedInOneOrder() async throws {
        try await PartitionedJobQueue.with(3) { queue, _ in
            // Many die in one millisecond, in all partitions.
            for partition in 0..<3 {
                let tenant = queue.tenants(of: partition, 1)[0]
                try await queue.enqueue((0..<40).map { try JobRequest(Note(), id: "p\(partition)-\($0)", tenant: tenant) })
                let claimed = try await queue.partitions[partition].claim(40)
                _ = try await queue.partitions[partition].fail(
                    claimed.map { Failure(member: $0.member, verb: .dead, delay: .zero, reason: "because") })
            }
            var pages: [[DeadJob]] = []
            while true {
                let page = try await queue.dead(after: pages.last?.last?.cursor, limit: 7)
                if page.isEmpty { break }
                pages.append(page)
            }
            let all = pages.flatMap(\.self)
            #expect(all.count == 120 && Set(all.map(\.id)).count == 120)
            #expect(pages.dropLast().allSatisfy { $0.count == 7 })
            #expect(zip(all, all.dropFirst()).allSatisfy { ($0.diedAt, $0.id) < ($1.diedAt, $1.id) })
            #expect(try await queue.dead(id: "p2-3")?.job.reason == "because")
            #expect(try await queue.dead(id: "p9-3") == nil)
            #expect(try await queue.replay(["p0-1", "p1-1", "none"]) == 2)
            #expect(try await queue.drop(["p2-1", "p1-2", "none"]) == 2)
            let snapshot = try await queue.snapshot()
            #expect(snapshot.dead == 116 && snapshot.ready == 2)
            #expect(try await queue.check() == [])
        }
    }

    @Test func cancellationIsTriedEverywhereAndPausesReachTheirJobs() async throws {
        try await PartitionedJobQueue.with(4) { queue, _ in
            let tenants = (0..<4).map { queue.tenants(of: $0, 1)[0] }
            for (index, tenant) in tenants.enumerated() { try await queue.notes("job-\(index)", "same", tenant: tenant) }
            #expect(try await queue.snapshot().ready == 8, "ids are each tenant's own")
            #expect(try await queue.cancel(["job-2", "none", "same"]) == [.cancelled, .notFound, .cancelled])
            #expect(try await queue.snapshot().cancelled == 5)

            #expect(try await queue.pause(.tenant(tenants[1])))
            #expect(try await !queue.pause(.tenant(tenants[1])))
            #expect(try await queue.partitions[1].claim(9).isEmpty)
            #expect(try await queue.partitions[3].claim(1).count == 1)
            #expect(try await queue.resume(.tenant(tenants[1])))
            #expect(try await queue.pause(.queue))
            #expect(try await queue.snapshot().isPaused)
            for partition in queue.partitions { #expect(try await partition.claim(9).isEmpty) }
            #expect(try await queue.resume(.queue))
            #expect(try await queue.partitions[1].claim(9).ids == ["job-1"])
        }
    }

    @Test func limitsOfTheQueueAreDividedAndThoseOfTenantsAreNot() async throws {
        try await PartitionedJobQueue.with(4) { queue, client in
            try await queue.limit(.length, to: 10)
            try await queue.limit(.inFlightPerTenant, to: 2)
            try await queue.limit(.weight(tenant: "t1"), to: 3)
            func field(_ name: String) async throws -> [Int64?] {
                var values: [Int64?] = []
                for partition in queue.partitions {
                    values.append(
                        try await client.send(RedisCommand("HGET", RedisArgument(partition.keys.control), RedisArgument(name))).int)
                }
                return values
            }
            #expect(try await field("max-length") == [3, 3, 2, 2])
            #expect(try await field("max-tenant") == [2, 2, 2, 2])
            #expect(try await field("w:t1").compactMap(\.self) == [3])
            let tenant = queue.tenants(of: 3, 1)[0]
            try await queue.notes("a", "b", tenant: tenant)
            let refused = await #expect(throws: JobsError.self) { try await queue.notes("c", tenant: tenant) }
            #expect(refused?.code == .full)
            #expect(try await queue.notes("c", tenant: queue.tenants(of: 0, 1)[0]) == [.enqueued])
            let small = await #expect(throws: JobsError.self) { try await queue.limit(.inFlight, to: 3) }
            #expect(small?.code == .invalidJob && small?.message.contains("at least 4") == true)
            try await queue.limit(.length, to: nil)
            #expect(try await field("max-length") == [nil, nil, nil, nil])
        }
    }

    @Test("H95 a process with another number of partitions is refused and told which it is")
    func agreement() async throws {
        try await PartitionedJobQueue.with(4) { queue, client in
            try await queue.notes("a", tenant: "t1")
            for count in [1, 2, 8] {
                let other = try PartitionedJobQueue(client: client, name: queue.name, partitions: count)
                let refused = await #expect(throws: JobsError.self) { try await other.notes("b", tenant: "t1") }
                #expect(refused?.code == .misconfigured)
                #expect(refused?.message.contains("set SLUICE_QUEUE_PARTITIONS to 4") == true)
                await #expect(throws: JobsError.self) { try await other.snapshot() }
                let worker = try JobWorker(
                    client: client, queues: [QueueOptions(queue.name, concurrency: 1)], registry: JobRegistry(), partitions: count,
                    logger: .silent)
                let stopped = await #expect(throws: JobsError.self) { try await worker.run() }
                #expect(stopped?.code == .misconfigured)
            }
            #expect(try await PartitionedJobQueue.open(client: client, name: queue.name).partitions.count == 4)
            #expect(throws: JobsError.self) { try PartitionedJobQueue(client: client, name: "x", partitions: 65) }
            #expect(throws: JobsError.self) { try PartitionedJobQueue(client: client, name: "x", partitions: 0) }
        }
    }

    @Test func onePartitionWritesWhatItAlwaysWroteAndIsNotSplitWhileJobsExist() async throws {
        try await PartitionedJobQueue.with(1) { queue, client in
            try await queue.notes("a", tenant: "t1")
            #expect(try await client.send(RedisCommand("HEXISTS", RedisArgument(queue.partitions[0].keys.control), "partitions")).int == 0)
            #expect(queue.partitions[0].keys.prefix == "{q:\(queue.name):0}:")
            let other = try PartitionedJobQueue(client: client, name: queue.name, partitions: 2)
            let refused = await #expect(throws: JobsError.self) { try await other.notes("b", tenant: "t1") }
            #expect(refused?.message.contains("has 1 partition,") == true)
            #expect(try await queue.partitions[0].acknowledge(queue.partitions[0].claim(1)) == [])
            #expect(try await other.notes("b", tenant: "t1") == [.enqueued])
        }
    }
}
