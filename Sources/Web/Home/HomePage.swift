import Files

/// What the home page shows: one's files, and where to add some.
struct HomePage {
    struct Limits {
        /// Of one file.
        let fileBytes: Int64
        let fileText: String

        init(_ limits: UploadLimits) {
            fileBytes = limits.fileSize
            fileText = PageSize.text(limits.fileSize)
        }
    }

    let limits: Limits
    let list: FileListing
    let blankFile = FileRow.blank
}

/// One page of one's files, with the ways to other orders and to the next page.
struct FileListing {
    /// The head of a column that can be sorted by.
    struct Column {
        /// `none`, `ascending` or `descending`.
        let aria: String
        /// The page in the order after a click.
        let href: String
    }

    let sort: String
    let search: String
    let limit: Int
    let files: [FileRow]
    let hasFiles: Bool
    let isEmpty: Bool
    let isWithoutMatch: Bool
    let byName: Column
    let bySize: Column
    let byAdded: Column
    let nextHref: String?

    init(_ page: FilePage, of query: FileQuery) {
        sort = query.sort.description
        search = query.search ?? ""
        limit = query.limit
        files = page.files.map(FileRow.init)
        hasFiles = !files.isEmpty
        isEmpty = files.isEmpty && search.isEmpty
        isWithoutMatch = files.isEmpty && !search.isEmpty
        byName = Self.column(.name, of: query)
        bySize = Self.column(.size, of: query)
        byAdded = Self.column(.created, of: query)
        nextHref = page.next.map { Self.address(of: query, sort: query.sort, cursor: $0) }
    }

    private static func column(_ field: FileSort.Field, of query: FileQuery) -> Column {
        let isHere = query.sort.field == field
        // The other way round where it is the order now; else the way in which people look first.
        let isDescending = isHere ? !query.sort.isDescending : field != .name
        return Column(
            aria: isHere ? (query.sort.isDescending ? "descending" : "ascending") : "none",
            href: address(of: query, sort: FileSort(field, descending: isDescending)))
    }

    private static func address(of query: FileQuery, sort: FileSort, cursor: FileCursor? = nil) -> String {
        var fields = ["sort=\(sort)"]
        if let search = query.search, !search.isEmpty { fields.insert("search=\(PercentEncoding.encodeAttribute(search))", at: 0) }
        if let cursor { fields.append("cursor=\(cursor)") }
        return "/?" + fields.joined(separator: "&")
    }
}

/// The question before a file is deleted, for browsers without scripts.
struct DeletePage {
    struct File {
        let id: String
        let name: String
    }

    let file: File
}
