import Files
import Platform

/// Which of one's files, in which order: what the query string of a list says.
struct FileQuery {
    static let defaultLimit = 50

    let search: String?
    let sort: FileSort
    let limit: Int
    let cursor: FileCursor?

    /// - Throws: for parameters that are unknown or malformed.
    init(_ query: String?) throws {
        let query = try QueryParameters(query)
        try query.requireOnly(["search", "sort", "limit", "cursor"])
        search = try query.single("search")
        sort =
            try query.single("sort").map { text in
                guard let sort = FileSort(text) else {
                    throw APIError(
                        400, "bad-sort", "The sort order is not known",
                        detail: "One of created, name, size; descending with a minus in front.")
                }
                return sort
            } ?? .newest
        limit = try query.number("limit", clampedTo: 1...FileCatalog.maximumLimit) ?? Self.defaultLimit
        cursor = try query.single("cursor").map(FileCursor.init)
    }

    /// The page that a browser shows that asks for nothing.
    init() {
        (search, sort, limit, cursor) = (nil, .newest, Self.defaultLimit, nil)
    }

    func page(of owner: UserID, in catalog: FileCatalog) async throws -> FilePage {
        try await catalog.page(owner: owner, search: search, sort: sort, limit: limit, cursor: cursor)
    }
}
