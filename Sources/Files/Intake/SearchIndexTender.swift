import Postgres
import Synchronization

/// Moves the names of new files from the search index's pending list into the index proper, many at a time and beside the uploads.
///
/// An insertion that finds the list full does this work itself, before it returns: one upload in many would wait for a tenth of a
/// second. Should this one fall behind or fail, that is what happens, and no search misses anything in either case
/// (PostgreSQL, "GIN Fast Update Technique").
struct SearchIndexTender: Sendable {
    /// New rows after which it is time. Each takes about a kilobyte of the list.
    private static let interval = 1024

    private let pool: PostgresPool
    private let count = Counter()
    private let due: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    init(pool: PostgresPool) {
        self.pool = pool
        (due, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func added(_ rows: Int) {
        guard count.value.add(rows, ordering: .relaxed).newValue >= Self.interval else { return }
        count.value.store(0, ordering: .relaxed)
        signal.yield()
    }

    func finish() {
        signal.finish()
    }

    func run() async {
        for await _ in due {
            // Not worth a word if it fails: the database's troubles show elsewhere, and the next insertion does the work.
            _ = try? await pool.query("SELECT gin_clean_pending_list('files_owner_name_trigrams')")
        }
    }
}
