import Cryptography
import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Catalogue", .requires(.postgres))
struct CatalogTests {
    private let owner = UserID(rawValue: 1)
    private let other = UserID(rawValue: 2)

    @Test("pages of every size cover every order exactly once, over ties")
    func paging() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let catalog = FileCatalog(pool: pool)
            let names = ["b.txt", "A.txt", "a.txt", "B.txt", "ä.txt", "a.txt", "Z", "z", "İ.txt", "_", "a"]
            for (index, name) in names.enumerated() { try await insert(pool, owner, name, size: Int64(index / 4)) }
            try await insert(pool, other, "a.txt")
            for field in FileSort.Field.allCases {
                for isDescending in [false, true] {
                    let sort = FileSort(field, descending: isDescending)
                    let all = try await catalog.page(owner: owner, sort: sort, limit: 500)
                    #expect(all.files.count == names.count && all.next == nil)
                    #expect(all.files.map(\.size) == all.files.map(\.size).sorted(by: isDescending ? (>) : (<)) || field != .size)
                    #expect(all.files.map(\.id) == all.files.map(\.id).sorted(by: isDescending ? (>) : (<)) || field != .created)
                    for limit in 1...names.count {
                        #expect(try await collect(catalog, sort: sort, limit: limit) == all.files, "\(sort) \(limit)")
                    }
                }
            }
            let byName = try await catalog.page(owner: owner, sort: FileSort(.name), limit: 500).files.map(\.name)
            #expect(byName.prefix(3).map { $0.lowercased() } == ["_", "a", "a.txt"])
        }
    }

    @Test("H63 search takes text literally, in any case, within the name, whether the owner has few files or many", arguments: [8, 9])
    func search(smallOwner: Int) async throws {
        try await TestDatabase.withMigratedPool { pool in
            let catalog = FileCatalog(pool: pool, smallOwner: smallOwner)
            for name in [
                "Report-2024.pdf", "50% off.txt", "50 euros.txt", "a_b.txt", "axb.txt", #"back\slash"#, "it's.txt", "Straße.TXT", "é.txt",
            ] {
                try await insert(pool, owner, name)
            }
            let expected: [(String, [String])] = [
                ("report", ["Report-2024.pdf"]), ("ORT-20", ["Report-2024.pdf"]), ("50%", ["50% off.txt"]), ("a_b", ["a_b.txt"]),
                (#"k\s"#, [#"back\slash"#]), ("'s", ["it's.txt"]), ("STRA", ["Straße.TXT"]), ("%", ["50% off.txt"]), ("_", ["a_b.txt"]),
                ("é", ["é.txt"]), ("e\u{301}", ["é.txt"]), ("\\", [#"back\slash"#]), ("nothing", []), ("' OR 1=1 --", []), (".*", []),
                (String(repeating: "x", count: 1 << 20), []), ("a\0b", []),
            ]
            for (text, names) in expected {
                let page = try await catalog.page(owner: owner, search: text, sort: FileSort(.name))
                #expect(page.files.map(\.name) == names, "\(text.prefix(20))")
            }
            #expect(try await catalog.page(owner: owner, search: "").files.count == 9)
            let first = try await catalog.page(owner: owner, search: ".txt", sort: FileSort(.name), limit: 2)
            let second = try await catalog.page(owner: owner, search: ".txt", sort: FileSort(.name), limit: 100, cursor: first.next)
            #expect((first.files + second.files).count == 7 && Set((first.files + second.files).map(\.id)).count == 7)
        }
    }

    @Test("H62 another owner's files are not there")
    func otherOwner() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let catalog = FileCatalog(pool: pool)
            let mine = try await insert(pool, owner, "mine.txt")
            let theirs = try await insert(pool, other, "theirs.txt")
            #expect(try await catalog.find(owner: owner, id: theirs) == nil)
            #expect(try await catalog.find(owner: other, id: theirs)?.name == "theirs.txt")
            #expect(try await catalog.page(owner: owner, search: "theirs").files.isEmpty)
            #expect(try await catalog.page(owner: owner).files.map(\.id) == [mine])
            let deleted = try await catalog.markDeleting(owner: owner, ids: [theirs, mine, FileID()])
            #expect(Array(deleted.keys) == [mine])
            #expect(try await catalog.find(owner: other, id: theirs) != nil)
        }
    }

    @Test("H62 a cursor of one owner shows another only their own files")
    func foreignCursor() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let catalog = FileCatalog(pool: pool)
            for index in 0..<4 { try await insert(pool, owner, "a\(index)") }
            let theirs = try await insert(pool, other, "b")
            let cursor = try #require(try await catalog.page(owner: owner, sort: FileSort(.created), limit: 1).next)
            #expect(try await catalog.page(owner: other, sort: FileSort(.created), cursor: cursor).files.map(\.id) == [theirs])
        }
    }

    @Test("H64 limits are clamped, a cursor of another order is refused")
    func limits() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let catalog = FileCatalog(pool: pool)
            for index in 0..<503 { try await insert(pool, owner, "f\(index)") }
            #expect(try await catalog.page(owner: owner, limit: 1_000_000_000).files.count == 500)
            #expect(try await catalog.page(owner: owner, limit: .min).files.count == 1)
            let page = try await catalog.page(owner: owner, limit: 10)
            let cursor = try FileCursor(try #require(page.next).description)
            #expect(cursor == page.next)
            #expect(await code { _ = try await catalog.page(owner: owner, sort: FileSort(.created), cursor: cursor) } == .badCursor)
            #expect(await code { _ = try await catalog.page(owner: owner, sort: FileSort(.name), cursor: cursor) } == .badCursor)
        }
    }

    @Test("a deleted file is invisible at once, and deleting it again finds nothing")
    func deleting() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let catalog = FileCatalog(pool: pool)
            let ids = try await [insert(pool, owner, "a"), insert(pool, owner, "b"), insert(pool, owner, "c")]
            let deleted = try await catalog.markDeleting(owner: owner, ids: [ids[0], ids[2], ids[0]])
            #expect(Set(deleted.keys) == [ids[0], ids[2]] && deleted.values.allSatisfy { $0.state == .deleting })
            #expect(try await catalog.page(owner: owner).files.map(\.id) == [ids[1]])
            #expect(try await catalog.find(owner: owner, id: ids[0]) == nil)
            #expect(try await catalog.markDeleting(owner: owner, ids: ids).count == 1)
            #expect(try await catalog.markDeleting(owner: owner, ids: []).isEmpty)
        }
    }

    @Test("an answer is lost: a query has simply failed, a deletion may have happened and is repeated without harm")
    func lostAnswers() async throws {
        try await TestDatabase.migrated { database in
            let proxy = try CuttingProxy(to: database.configuration.port)
            defer { proxy.stop() }
            var through = database.configuration
            through.host = "127.0.0.1"
            through.port = proxy.port
            through.poolSize = 1
            try await TestDatabase.withPool(through) { pool in
                let catalog = FileCatalog(pool: pool)
                let id = try await insert(pool, owner, "a")
                proxy.swallowNextAnswer(containing: "COMMIT")
                #expect(await code { _ = try await catalog.markDeleting(owner: owner, ids: [id]) } == .unknownDeletion)
                #expect(try await catalog.markDeleting(owner: owner, ids: [id]).isEmpty, "it had been deleted")
                // A column of files: what is said to a new connection passes.
                proxy.swallowNextAnswer(containing: "byte_offset")
                #expect(await code { _ = try await catalog.find(owner: owner, id: id) } == .database)
                proxy.swallowNextAnswer(containing: "byte_offset")
                #expect(await code { _ = try await catalog.page(owner: owner) } == .database)
                #expect(try await catalog.page(owner: owner).files.isEmpty)
            }
        }
    }

    private func collect(_ catalog: FileCatalog, sort: FileSort, limit: Int) async throws -> [FileRecord] {
        var files: [FileRecord] = []
        var cursor: FileCursor?
        repeat {
            let page = try await catalog.page(owner: owner, sort: sort, limit: limit, cursor: cursor)
            #expect(page.files.count <= limit)
            files += page.files
            cursor = try page.next.map { try FileCursor($0.description) }
        } while cursor != nil
        return files
    }
}

/// Inserts a row as the intake would, without bytes.
@discardableResult
func insert(_ pool: PostgresPool, _ owner: UserID, _ name: String, size: Int64 = 1, container: UUIDv7? = nil) async throws -> FileID {
    let id = FileID()
    let digest = SHA256Hasher.digest(of: Array(name.utf8)).bytes
    try await pool.execute(
        """
        WITH added AS (
            INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset)
            VALUES (\(id), \(owner), \(name), \(size), 'text/plain', \(digest), 'k', 'a', \(container ?? id), 0) RETURNING id, container)
        INSERT INTO files_outstanding SELECT id, container FROM added
        """)
    return id
}
