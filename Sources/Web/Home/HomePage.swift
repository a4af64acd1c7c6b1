import Files

/// What the home page shows: one's files, and where to add some.
struct HomePage: PageContent {
    struct Limits: PageContent {
        /// Of one file.
        let fileBytes: Int64
        let fileText: String

        var values: PageValues { ["fileBytes": .number(fileBytes), "fileText": .text(fileText)] }

        init(_ limits: UploadLimits) {
            fileBytes = limits.fileSize
            fileText = PageSize.limit(limits.fileSize)
        }
    }

    /// What the states are called, for the rows that scripts make.
    struct States: PageContent {
        var values: PageValues {
            ["staged": .text(FileState.staged.label), "stored": .text(FileState.stored.label), "failed": .text(FileState.failed.label)]
        }
    }

    let limits: Limits
    let list: FileListing

    var values: PageValues {
        [
            "limits": .content(limits), "list": .content(list), "states": .content(States()),
            "blankFile": .row(.fileRow, FileRow.blank),
        ]
    }
}

/// One page of one's files, with the ways to other orders and to the next page.
struct FileListing: PageContent {
    /// The head of a column that can be sorted by.
    struct Column: PageContent {
        /// `none`, `ascending` or `descending`.
        let aria: String
        /// The page in the order after a click.
        let href: String

        var values: PageValues { ["aria": .text(aria), "href": .text(href)] }
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

    var values: PageValues {
        [
            "sort": .text(sort), "search": .text(search), "limit": .number(limit), "files": .rows(.fileRow, files),
            "hasFiles": .flag(hasFiles), "isEmpty": .flag(isEmpty), "isWithoutMatch": .flag(isWithoutMatch), "byName": .content(byName),
            "bySize": .content(bySize), "byAdded": .content(byAdded), "nextHref": .optional(nextHref),
        ]
    }

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
struct DeletePage: PageContent {
    struct File: PageContent {
        let id: String
        let name: String

        var values: PageValues { ["id": .text(id), "name": .text(name)] }
    }

    let file: File

    var values: PageValues { ["file": .content(file)] }
}
