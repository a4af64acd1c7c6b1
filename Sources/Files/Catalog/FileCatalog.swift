import Cryptography
public import Platform
public import Postgres

/// What owners may know and do about their files. Every query carries the owner; files being deleted are invisible.
public struct FileCatalog: Sendable {
    /// The largest page.
    public static let maximumLimit = 500

    private let pool: PostgresPool
    private let quotas: QuotaKeeper?
    private let smallOwners: SmallOwners

    /// - Parameters:
    ///   - quotas: is told of the room that deletions make.
    ///   - smallOwner: the most files of an owner whose files a search may read all.
    public init(pool: PostgresPool, quotas: QuotaKeeper? = nil, smallOwner: Int = 20_000) {
        self.pool = pool
        self.quotas = quotas
        smallOwners = SmallOwners(pool: pool, maximum: smallOwner)
    }

    /// One page of an owner's files.
    ///
    /// - Parameters:
    ///   - search: a part of the name, in any case; nil or empty for all files. Wildcards have no meaning.
    ///   - limit: clamped to 1…500.
    ///   - cursor: from the page before, made for the same `sort`.
    /// - Throws: `.badCursor`, `.database`.
    public func page(
        owner: UserID, search: String? = nil, sort: FileSort = .newest, limit: Int = 50, cursor: FileCursor? = nil
    ) async throws(FilesError) -> FilePage {
        if let cursor, cursor.sort != sort { throw FileCursor.bad }
        let limit = min(max(limit, 1), Self.maximumLimit)
        let pattern: String?
        if let search, !search.isEmpty {
            pattern = SearchPattern.make(containing: search)
            if pattern == nil { return FilePage(files: [], next: nil) }
        } else {
            pattern = nil
        }
        let rows = try await rows(of: owner, matching: pattern, sort, limit: limit + 1, after: cursor)
        let files = try FileRecord.records(Array(rows.prefix(limit)))
        guard rows.count > limit, let last = files.last else { return FilePage(files: files, next: nil) }
        return FilePage(files: files, next: try Self.cursor(after: last, row: rows[limit - 1], sort: sort))
    }

    private func rows(
        of owner: UserID, matching pattern: String?, _ sort: FileSort, limit: Int, after cursor: FileCursor?
    ) async throws(FilesError) -> [PostgresRow] {
        var sql: SQL = "SELECT \(sql: FileRecord.columns)"
        if sort.field == .name { sql.append(", lower(name) AS sort_name") }
        if let pattern, try await isSmall(owner) {
            sql.append(" FROM files_matching(\(owner), \(pattern)) AS files WHERE true")
        } else {
            sql.append(" FROM files WHERE owner_id = \(owner) AND state <> 'deleting'")
            if let pattern { sql.append(" AND name ILIKE \(pattern)") }
        }
        if let cursor { sql.append(Self.condition(after: cursor)) }
        sql.append(Self.order(sort))
        sql.append(" LIMIT \(limit)")
        return try await query(sql)
    }

    private func isSmall(_ owner: UserID) async throws(FilesError) -> Bool {
        do throws(PostgresError) {
            return try await smallOwners.contains(owner)
        } catch {
            throw FilesError(reading: error)
        }
    }

    /// One of the owner's files; nil when there is none of that id, or it is somebody else's.
    ///
    /// - Throws: `.database`.
    public func find(owner: UserID, id: FileID) async throws(FilesError) -> FileRecord? {
        try FileRecord.records(
            await query(
                "SELECT \(sql: FileRecord.columns) FROM files WHERE id = \(id) AND owner_id = \(owner) AND state <> 'deleting'")
        ).first
    }

    /// Deletes files for their owner: they are invisible at once, and a worker removes the bytes.
    ///
    /// - Returns: those that were there and are the owner's; the others are not distinguished.
    /// - Throws: `.database`: none is deleted. `.unknownDeletion`: the same call again deletes the rest and returns only that.
    public func markDeleting(owner: UserID, ids: [FileID]) async throws(FilesError) -> [FileID: FileRecord] {
        var deleted: [FileID: FileRecord] = [:]
        var rest = ids[...]
        while !rest.isEmpty {
            let marked: FileDeletion.Outcome
            do {
                marked = try await FileDeletion.run(pool, owner: owner, ids: Array(rest.prefix(Self.maximumLimit)), limits: quotas?.limits)
            } catch {
                let failure = FilesError(error)
                guard failure.code == .unknownOutcome || !deleted.isEmpty else { throw failure }
                throw FilesError(.unknownDeletion, "all, some or none of the files are deleted", underlying: error)
            }
            if let use = marked.use { await quotas?.tell(owner, use) }
            rest = rest.dropFirst(Self.maximumLimit)
            for record in marked.files { deleted[record.id] = record }
        }
        return deleted
    }

    func query(_ sql: SQL) async throws(FilesError) -> [PostgresRow] {
        do throws(PostgresError) {
            return try await pool.query(sql)
        } catch {
            throw FilesError(reading: error)
        }
    }
}

extension FileCatalog {
    /// The expressions are those of the indexes, so that a page is one range of an index.
    private static func order(_ sort: FileSort) -> SQL {
        switch (sort.field, sort.isDescending) {
        case (.created, false): " ORDER BY id"
        case (.created, true): " ORDER BY id DESC"
        case (.name, false): #" ORDER BY lower(name) COLLATE "C", id"#
        case (.name, true): #" ORDER BY lower(name) COLLATE "C" DESC, id DESC"#
        case (.size, false): " ORDER BY size, id"
        case (.size, true): " ORDER BY size DESC, id DESC"
        }
    }

    private static func condition(after cursor: FileCursor) -> SQL {
        let comparison: SQL = cursor.sort.isDescending ? "<" : ">"
        return switch cursor.position {
        case .created: " AND id \(sql: comparison) \(cursor.id)"
        case .name(let name): #" AND (lower(name) COLLATE "C", id) \#(sql: comparison) (\#(name), \#(cursor.id))"#
        case .size(let size): " AND (size, id) \(sql: comparison) (\(size), \(cursor.id))"
        }
    }

    private static func cursor(after last: FileRecord, row: PostgresRow, sort: FileSort) throws(FilesError) -> FileCursor {
        let position: FileCursor.Position
        switch sort.field {
        case .created: position = .created
        case .size: position = .size(last.size)
        case .name:
            // The database's own lower-case form: Swift's differs for some letters.
            do throws(PostgresError) {
                position = .name(try row.decode("sort_name"))
            } catch {
                throw FilesError(error)
            }
        }
        return FileCursor(sort: sort, position: position, id: last.id)
    }
}
