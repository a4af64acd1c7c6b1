import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Search index")
struct SearchIndexTenderTests {
    @Test("a few new names wait for the delay, many do not; each batch is taken once")
    func when() async {
        let emptied = AsyncStream.makeStream(of: Void.self)
        let patient = SearchIndexTender(longest: .seconds(3600)) { emptied.continuation.yield() }
        let prompt = SearchIndexTender(longest: .milliseconds(1)) { emptied.continuation.yield() }
        var turns = emptied.stream.makeAsyncIterator()
        await patient.during {
            for _ in 0..<3 {
                patient.added(1)
                patient.added(SearchIndexTender.most)
                _ = await turns.next()
            }
        }
        await prompt.during {
            for _ in 0..<3 {
                prompt.added(1)
                _ = await turns.next()
            }
        }
        emptied.continuation.finish()
        #expect(await turns.next() == nil, "nothing was emptied that had not been filled")
    }

    @Test("the statement is one the database lets the owner of the schema make, and leaves nothing in the list", .requires(.postgres))
    func statement() async throws {
        try await TestDatabase.withMigratedPool { pool in
            // Its analysis empties the list as well.
            try await pool.execute("ALTER TABLE files SET (autovacuum_enabled = false)")
            for index in 0..<100 { try await insert(pool, UserID(rawValue: 1), "report-\(index).pdf") }
            #expect(try await SearchIndexTender.emptyList(pool) > 0)
            #expect(try await SearchIndexTender.emptyList(pool) == 0)
            #expect(try await FileCatalog(pool: pool).page(owner: UserID(rawValue: 1), search: "T-42").files.count == 1)
        }
    }
}
