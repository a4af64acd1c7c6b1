import DatabaseSupport
import Files
import Platform
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("Transitions", .requires(.postgres))
struct TransitionTests {
    private let owner = UserID(rawValue: 1)

    @Test("a staged file becomes stored, once")
    func stored() async throws {
        try await run { transitions, catalog, pool in
            let id = try await insert(pool, owner, "a")
            #expect(try await transitions.load(id)?.state == .staged)
            #expect(try await transitions.markStored(id))
            let record = try #require(try await transitions.load(id))
            #expect(record.state == .stored && record.storedAt != nil)
            #expect(try await !transitions.markStored(id))
            #expect(try await !transitions.markFailed(id, reason: "late"))
            #expect(try await transitions.outstanding(in: "a", olderThan: .zero, limit: 10).isEmpty)
        }
    }

    @Test("a file that its owner deletes during the transfer does not become stored")
    func deletedMeanwhile() async throws {
        try await run { transitions, catalog, pool in
            let id = try await insert(pool, owner, "a")
            _ = try await catalog.markDeleting(owner: owner, ids: [id])
            #expect(try await !transitions.markStored(id))
            #expect(try await transitions.load(id)?.state == .deleting)
            #expect(try await transitions.remove(id))
            #expect(try await transitions.load(id) == nil)
            #expect(try await !transitions.remove(id))
            #expect(try await !transitions.markStored(id))
        }
    }

    @Test("only a file that is being deleted can be removed")
    func removeStaged() async throws {
        try await run { transitions, _, pool in
            let id = try await insert(pool, owner, "a")
            #expect(try await !transitions.remove(id))
            #expect(try await transitions.load(id) != nil)
        }
    }

    @Test("a stored file that is deleted is outstanding again until it is gone")
    func deleteStored() async throws {
        try await run { transitions, catalog, pool in
            let id = try await insert(pool, owner, "a")
            #expect(try await transitions.markStored(id))
            _ = try await catalog.markDeleting(owner: owner, ids: [id])
            #expect(try await outstanding(transitions) == [id])
            #expect(try await transitions.remove(id))
            #expect(try await outstanding(transitions).isEmpty)
        }
    }

    @Test("a failure keeps its reason")
    func failed() async throws {
        try await run { transitions, _, pool in
            let ids = try await [insert(pool, owner, "a"), insert(pool, owner, "b")]
            async let first = transitions.markFailed(ids[0], reason: "552 quota\0")
            async let second = transitions.markFailed(ids[1], reason: "it's \"over\", {really}")
            let isNoted = try await [first, second]
            #expect(isNoted == [true, true])
            #expect(try await transitions.load(ids[0])?.failure == "552 quota")
            #expect(try await transitions.load(ids[1])?.failure == "it's \"over\", {really}")
            #expect(try await outstanding(transitions).isEmpty)
        }
    }

    @Test("a file that was given up is outstanding again once it is to be tried again, and its container is needed throughout")
    func retried() async throws {
        let released = Released()
        try await run(release: released.add) { transitions, catalog, pool in
            let id = try await insert(pool, owner, "a")
            #expect(try await !transitions.markRetried(id), "it has not failed")
            #expect(try await transitions.markFailed(id, reason: "refused"))
            #expect(try await transitions.needed([id]) == [id])
            #expect(try await transitions.markRetried(id))
            #expect(try await outstanding(transitions) == [id])
            let record = try #require(try await transitions.load(id))
            #expect(record.state == .staged && record.failure == nil)
            #expect(released.all.isEmpty)
            #expect(try await transitions.markFailed(id, reason: "refused"))
            _ = try await catalog.markDeleting(owner: owner, ids: [id])
            #expect(try await outstanding(transitions) == [id], "deleting needs a worker, given up or not")
            #expect(try await transitions.remove(id))
            #expect(released.all == [id])
        }
    }

    @Test("a container is released with the last of its files, whatever becomes of each")
    func released() async throws {
        let released = Released()
        try await run(release: released.add) { transitions, catalog, pool in
            let pack = UUIDv7()
            var ids: [FileID] = []
            for name in ["stored", "failed", "deleted"] { ids.append(try await insert(pool, owner, name, container: pack)) }
            #expect(try await transitions.markStored(ids[0]))
            #expect(try await transitions.markFailed(ids[1], reason: "refused"))
            _ = try await catalog.markDeleting(owner: owner, ids: [ids[1], ids[2]])
            #expect(try await transitions.remove(ids[2]))
            #expect(released.all.isEmpty)
            #expect(try await transitions.remove(ids[1]))
            #expect(released.all == [pack])
            let stored = try #require(try await transitions.load(ids[0]))
            try await transitions.release(of: stored)
            #expect(released.all == [pack, pack], "again, for one who died before")
        }
    }

    @Test("two workers that store the last two files of a pack at once: it is released all the same")
    func releaseRace() async throws {
        try await TestDatabase.withMigratedPool { pool in
            for _ in 0..<20 {
                let released = Released()
                let pack = UUIDv7()
                let ids = try await [insert(pool, owner, "a", container: pack), insert(pool, owner, "b", container: pack)]
                let release: FileTransitions.Release = released.add
                try await running(FileTransitions(pool: pool, release: release)) { one in
                    try await running(FileTransitions(pool: pool, release: release)) { other in
                        async let first = one.markStored(ids[0])
                        async let second = other.markStored(ids[1])
                        let done = try await [first, second]
                        #expect(done == [true, true])
                    }
                }
                #expect(!released.all.isEmpty)
            }
        }
    }

    @Test("what cannot be released does not undo what is committed")
    func releaseFails() async throws {
        try await run(release: { _ in throw CancellationError() }) { transitions, _, pool in
            let id = try await insert(pool, owner, "a")
            #expect(try await transitions.markStored(id))
            let record = try #require(try await transitions.load(id))
            #expect(record.state == .stored)
            #expect(await code { try await transitions.release(of: record) } != nil, "asked for it alone, the failure is told")
        }
    }

    @Test("two hundred handlers share transactions, and each gets its own answer")
    func batched() async throws {
        try await run { transitions, catalog, pool in
            var ids: [FileID] = []
            for index in 0..<200 { ids.append(try await insert(pool, owner, "f\(index)")) }
            let deleted = Set(ids.enumerated().filter { $0.offset % 3 == 0 }.map(\.element))
            _ = try await catalog.markDeleting(owner: owner, ids: Array(deleted))
            let stored = try await withThrowingTaskGroup(of: (FileID, Bool).self) { group in
                for id in ids {
                    group.addTask {
                        guard let record = try await transitions.load(id), record.id == id else { return (id, false) }
                        return (id, try await transitions.markStored(id))
                    }
                }
                return try await group.reduce(into: Set<FileID>()) { if $1.1 { $0.insert($1.0) } }
            }
            #expect(stored == Set(ids).subtracting(deleted))
            let batches = try await pool.query("SELECT count(DISTINCT xmin::text) FROM files WHERE state = 'stored'")
            #expect(try batches[0].decode(at: 0, as: Int.self) < 60)
        }
    }

    @Test("storing and deleting at once: exactly one of them decides")
    func race() async throws {
        try await run { transitions, catalog, pool in
            for _ in 0..<10 {
                var ids: [FileID] = []
                for index in 0..<20 { ids.append(try await insert(pool, owner, "r\(index)")) }
                let all = ids
                async let deleted = catalog.markDeleting(owner: owner, ids: all.reversed())
                let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for id in all { group.addTask { try await transitions.markStored(id) } }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                let count = try await deleted.count
                #expect(count == 20)
                let rows = try await pool.query(
                    """
                    SELECT count(stored_at) AS stored, count(*) FILTER (WHERE state = 'deleting') AS deleting
                    FROM files WHERE id = ANY(\(all))
                    """)
                #expect(try rows[0].decode("stored", as: Int.self) == stored)
                #expect(try rows[0].decode("deleting", as: Int.self) == 20)
                #expect(try await Set(outstanding(transitions)).isSuperset(of: all))
            }
        }
    }

    @Test("outstanding files come in pages, the young ones left out")
    func outstandingPages() async throws {
        try await run { transitions, _, pool in
            var ids: [FileID] = []
            for index in 0..<7 { ids.append(try await insert(pool, owner, "f\(index)")) }
            ids.sort()
            var found: [FileID] = []
            while true {
                let page = try await transitions.outstanding(in: "a", after: found.last, olderThan: .seconds(-60), limit: 3)
                if page.isEmpty { break }
                found += page.map(\.id)
            }
            #expect(found == ids)
            #expect(try await transitions.outstanding(in: "a", olderThan: .seconds(3600), limit: 10).isEmpty)
            #expect(try await transitions.needed(ids + [FileID()]) == Set(ids))
        }
    }

    @Test("a database that is gone is an error for every caller, not a trap")
    func unreachable() async throws {
        let configuration = PostgresConfiguration(host: "127.0.0.1", port: 1, user: "nobody", database: "none")
        try await TestDatabase.withPool(configuration) { pool in
            try await running(FileTransitions(pool: pool, release: { _ in })) { transitions in
                #expect(await code { _ = try await transitions.load(FileID()) } == .database)
                #expect(await code { _ = try await transitions.markStored(FileID()) } == .database)
            }
        }
    }

    private func outstanding(_ transitions: FileTransitions) async throws -> [FileID] {
        try await transitions.outstanding(in: "a", olderThan: .seconds(-60), limit: 1000).map(\.id)
    }

    private func run(
        release: @escaping FileTransitions.Release = { _ in }, _ body: (FileTransitions, FileCatalog, PostgresPool) async throws -> Void
    ) async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await running(FileTransitions(pool: pool, release: release)) { try await body($0, FileCatalog(pool: pool), pool) }
        }
    }

    private func running(_ transitions: FileTransitions, _ body: (FileTransitions) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await transitions.run() }
            defer { group.cancelAll() }
            try await body(transitions)
        }
    }
}

/// Notes the containers that are released.
private final class Released: Sendable {
    private let containers = Mutex<[UUIDv7]>([])

    var all: [UUIDv7] { containers.withLock { $0 } }

    @Sendable func add(_ more: [UUIDv7]) async { containers.withLock { $0 += more } }
}
