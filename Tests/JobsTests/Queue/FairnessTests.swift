import Jobs
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct FairnessTests {
    /// Jobs of the tenant that floods; the proof at full size asks for more than every run of the tests has time for.
    private static let flood = TestServer.environment("SLUICE_TEST_FLOOD").flatMap { Int($0) } ?? 20_000

    @Test("a flood of one tenant delays another by at most two turns")
    func flood() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue((0..<Self.flood).map { try JobRequest(Note(), id: "f\($0)", tenant: "flood") })
            for round in 0..<20 {
                _ = try await queue.claim(64)
                try await queue.notes("s\(round)", tenant: "small")
                // So many that half of them is far more than two turns.
                let served = try await queue.claim(256)
                let position = try #require(served.ids.firstIndex(of: "s\(round)"))
                #expect(position <= 32, "two turns of 16")
            }
        }
    }

    @Test func sharesFollowWeights() async throws {
        try await RedisJobQueue.with { queue in
            let weights = ["a": 1, "b": 2, "c": 5]
            for (tenant, weight) in weights {
                if weight > 1 { try await queue.limit(.weight(tenant: tenant), to: weight) }
                try await queue.enqueue((0..<800).map { try JobRequest(Note(), id: "\(tenant)\($0)", tenant: tenant) })
            }
            var served: [String: Int] = [:]
            for _ in 0..<100 { for job in try await queue.claim(8) { served[job.entry.tenant, default: 0] += 1 } }
            for (tenant, weight) in weights {
                let expected = Double(800 * weight) / 8
                #expect(abs(Double(served[tenant] ?? 0) - expected) <= 0.05 * 800, "tenant \(tenant): \(served)")
            }
            try await queue.limit(.weight(tenant: "c"), to: nil)
            try await queue.limit(.weight(tenant: "b"), to: nil)
            served = [:]
            for _ in 0..<30 { for job in try await queue.claim(8) { served[job.entry.tenant, default: 0] += 1 } }
            #expect(served.values.allSatisfy { abs($0 - 80) <= 40 }, "equal again: \(served)")
            #expect(try await queue.check() == [])
        }
    }
}
