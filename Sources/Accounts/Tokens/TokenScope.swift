/// What an API token may be used for. Rights of its user are never widened by it.
public enum TokenScope: String, Sendable, Hashable, CaseIterable {
    /// To list files, to look at one, to download it, and to watch what happens to them.
    case read
    /// To upload files.
    case write
    /// To delete files.
    case delete
}

extension Set<TokenScope> {
    /// Everything that the API can do.
    public static var all: Self { Set(TokenScope.allCases) }

    /// The names, in a fixed order.
    public var names: [String] { TokenScope.allCases.filter(contains).map(\.rawValue) }

    /// - Parameter names: a scope of another version is none.
    init(names: [String]) {
        self.init(names.compactMap { TokenScope(rawValue: $0) })
    }
}
