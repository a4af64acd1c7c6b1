import AsyncHTTPClient
import Foundation
import NIOCore
import Synchronization
import Testing

/// What the clients were told, counted by themselves.
private final class Ledger: Sendable {
    struct State {
        var acknowledged: [String: String] = [:]
        var deleted: Set<String> = []
        /// Deletes whose answer was lost: both outcomes are right.
        var doubtful: Set<String> = []
        var refused = 0
    }

    private let state = Mutex(State())

    var snapshot: State { state.withLock { $0 } }

    func change(_ body: @Sendable (inout State) -> Void) {
        state.withLock { body(&$0) }
    }
}

@Suite("Faults", .serialized)
struct FaultTests {
    private static let clients = 16

    @Test("nothing acknowledged is lost while every process is killed in turn and Redis is emptied")
    func kills() async throws {
        let settings = ["SLUICE_ORPHAN_AGE": "30s", "SLUICE_PART_AGE": "5s", "SLUICE_RECONCILE_INTERVAL": "2s"]
        try await LocalStack.with(settings) { stack in
            let user = try await stack.client(named: "erin")
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.clients { group.addTask { await Self.load(user, ledger) } }
                try await Self.sabotage(stack)
                try await Self.awaitLoad(ledger)
                group.cancelAll()
            }
            let told = ledger.snapshot
            print(
                "acknowledged: \(told.acknowledged.count), deleted: \(told.deleted.count), doubtful: \(told.doubtful.count), "
                    + "refused or cut: \(told.refused)")
            #expect(told.refused > 0, "no request met a fault")
            try await settle(stack, user, told)
            try await verify(stack, user, told)
        }
    }

    @Test("H57 with keys every request is repeated until it is answered: as many files as answers, none in doubt")
    func keys() async throws {
        let settings = ["SLUICE_ORPHAN_AGE": "30s", "SLUICE_PART_AGE": "5s", "SLUICE_RECONCILE_INTERVAL": "2s"]
        try await LocalStack.with(settings) { stack in
            let user = try await stack.client(named: "otto")
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.clients { group.addTask { await Self.persist(user, ledger) } }
                try await Self.sabotage(stack)
                try await Self.awaitLoad(ledger)
                group.cancelAll()
            }
            let told = ledger.snapshot
            print("answered: \(told.acknowledged.count), sent again: \(told.refused)")
            #expect(told.refused > 0, "no request met a fault")
            try await settle(stack, user, told)
            try await verify(stack, user, told)
            #expect(try await Set(user.list().map(\.id)) == Set(told.acknowledged.keys))
        }
    }

    /// One client whose requests have keys: each is sent until it is answered, the last one too.
    private static func persist(_ user: Client, _ ledger: Ledger) async {
        while !Task.isCancelled {
            let content = Noise.bytes(Int.random(in: 0..<20) == 0 ? 2_000_000 : Int.random(in: 0...20_000))
            let parts = (0..<Int.random(in: 1...3)).map { (name: "part-\($0).bin", content: content + [UInt8($0)]) }
            let key = "\(UInt64.random(in: 0...(.max)))"
            // Shielded: what has begun is brought to its end, whoever is told to stop meanwhile.
            await Task {
                while true {
                    do {
                        let files = try await user.post(parts, key: key)
                        for (file, part) in zip(files, parts) {
                            let digest = Digests.of(part.content)
                            ledger.change { $0.acknowledged[file.id] = digest }
                        }
                        return
                    } catch {
                        ledger.change { $0.refused += 1 }
                        try? await Task.sleep(for: .milliseconds(100))
                    }
                }
            }.value
        }
    }

    /// One client: uploads of mixed sizes, one in ten deleted again, until it is told to stop.
    private static func load(_ user: Client, _ ledger: Ledger) async {
        while !Task.isCancelled {
            let content = Noise.bytes(Int.random(in: 0..<20) == 0 ? 2_000_000 : Int.random(in: 0...20_000))
            do {
                // Shielded: an answer that is on its way when the test ends must be counted.
                let file = try await Task { try await user.post([("load.bin", content)])[0] }.value
                let digest = Digests.of(content)
                ledger.change { $0.acknowledged[file.id] = digest }
                guard Int.random(in: 0..<10) == 0 else { continue }
                await delete(file.id, user, ledger)
            } catch {
                ledger.change { $0.refused += 1 }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private static func delete(_ id: String, _ user: Client, _ ledger: Ledger) async {
        let answer = try? await Task { try await user.send("DELETE", "/api/v1/files/\(id)") }.value
        ledger.change { state in
            switch answer?.status {
            case 204: state.deleted.insert(id)
            default: state.doubtful.insert(id)
            }
        }
    }

    /// Thirty seconds in which every process dies at least once.
    private static func sabotage(_ stack: LocalStack) async throws {
        try await Task.sleep(for: .seconds(2))
        for name in ["worker", "web", "redis", "postgres", "ftp", "worker", "web"] {
            try await stack.control("kill", name)
            try await Task.sleep(for: .milliseconds(700))
            try await stack.control("start", name)
            try await Task.sleep(for: .seconds(2))
        }
        let redis = try stack.address("redis").split(separator: ":")
        let flush = try await Command.run(
            "/usr/bin/redis-cli", ["-h", String(redis[0]), "-p", String(redis[1]), "flushall"], environment: [:])
        #expect(flush.output.contains("OK"))
        try await Task.sleep(for: .seconds(4))
    }

    /// Waits until there was enough of it to prove something.
    private static func awaitLoad(_ ledger: Ledger) async throws {
        try await eventually(within: .seconds(60), "too little load to prove anything") { ledger.snapshot.acknowledged.count > 500 }
    }

    /// Waits until everything that is on its way has arrived or gone.
    private func settle(_ stack: LocalStack, _ user: Client, _ told: Ledger.State) async throws {
        try await eventually(within: .seconds(120), "every file is stored, nothing is left in staging, no part is left") {
            let files = try await user.list()
            return files.allSatisfy { $0.state == "stored" } && files.count == stack.objects().count
                && stack.files(below: "staging/ready").isEmpty && stack.files(below: "staging/incoming").isEmpty
        }
    }

    private func verify(_ stack: LocalStack, _ user: Client, _ told: Ledger.State) async throws {
        let objects = stack.objects()
        #expect(objects.keys.allSatisfy { !$0.hasSuffix(".part") })
        let listed = try await Set(user.list().map(\.id))
        #expect(listed == Set(objects.keys), "an object without a row, or a row without an object")
        var lost = 0
        for (id, digest) in told.acknowledged where !told.deleted.contains(id) && !told.doubtful.contains(id) {
            guard let path = objects[id], try Digests.of(fileAt: path) == digest else {
                lost += 1
                continue
            }
        }
        #expect(lost == 0)
        #expect(told.deleted.isDisjoint(with: objects.keys), "a deleted file is still there")
        print("on FTP: \(objects.count) objects, lost: \(lost), deleted and gone: \(told.deleted.count)")
    }
}
