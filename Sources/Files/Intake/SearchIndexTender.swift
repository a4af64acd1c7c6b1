package import Postgres
import Synchronization

/// Moves the names of new files from the search index's pending list into the index proper, many at a time and beside the uploads.
///
/// Every search reads the whole list, so it must not grow old or long; and an insertion that finds it full does this work itself,
/// before it returns. Should this fall behind or fail, that is what happens, and no search misses anything in either case
/// (PostgreSQL manual, "GIN Fast Update Technique").
package struct SearchIndexTender: Sendable {
    /// New rows after which it is time. Each takes about a kilobyte of the list.
    package static let most = 1024
    /// How long a new row stays in the list at most.
    private let longest: Duration
    private let empty: @Sendable () async -> Void
    private let count = Counter()
    private let begun = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let full = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    init(pool: PostgresPool) {
        self.init(longest: .seconds(2)) {
            // Not worth a word if it fails: the database's troubles show elsewhere, and the next insertion does the work.
            _ = try? await Self.emptyList(pool)
        }
    }

    package init(longest: Duration, empty: @escaping @Sendable () async -> Void) {
        self.longest = longest
        self.empty = empty
    }

    /// - Returns: how many pages the list had.
    package static func emptyList(_ pool: PostgresPool) async throws(PostgresError) -> Int {
        try await pool.query("SELECT gin_clean_pending_list('files_owner_name_trigrams')")[0].decode(at: 0)
    }

    package func added(_ rows: Int) {
        let (before, after) = count.value.add(rows, ordering: .relaxed)
        if before == 0 { begun.continuation.yield() }
        if before < Self.most && after >= Self.most { full.continuation.yield() }
    }

    /// Tends the index while `body` runs.
    package func during(_ body: () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in full.stream { await emptyIfUsed() } }
            group.addTask {
                for await _ in begun.stream {
                    try? await Task.sleep(for: longest)
                    await emptyIfUsed()
                }
            }
            await body()
            group.cancelAll()
        }
    }

    private func emptyIfUsed() async {
        guard !Task.isCancelled, count.value.exchange(0, ordering: .relaxed) > 0 else { return }
        await empty()
    }
}
