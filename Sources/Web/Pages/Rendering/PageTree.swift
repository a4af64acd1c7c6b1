/// The values of a page as Mustache looks them up: dictionaries, arrays, texts, numbers and flags.
///
/// Made once for a page out of its typed context, whose properties are the names in the templates. What is nil is left out. Every
/// text goes through `MarkupText` here, so no page can forget to.
enum PageTree {
    static func node(of value: Any) -> Any? {
        switch value {
        case let text as String: return MarkupText.separated(text)
        case is Int, is Int64, is Bool: return value
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { node(of: $0.value) }
        case .collection: return mirror.children.compactMap { node(of: $0.value) }
        default: return members(of: value)
        }
    }

    /// The properties of a context.
    static func members(of context: Any) -> [String: Any] {
        var members: [String: Any] = [:]
        for child in Mirror(reflecting: context).children {
            if let name = child.label { members[name] = node(of: child.value) }
        }
        return members
    }
}
