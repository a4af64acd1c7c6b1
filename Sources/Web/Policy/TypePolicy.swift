import Files
import Magic
package import Platform

/// Which types of files are taken. A rule that denies wins over one that allows.
package struct TypePolicy: Sendable {
    private let allowed, denied: [TypeRule]
    private let mustMatch: Bool

    package init(_ settings: Settings.Types) {
        allowed = settings.allow
        denied = settings.deny
        mustMatch = settings.mustMatch
    }

    /// Whether the content has to be looked at.
    var asksForContent: Bool { mustMatch || (allowed + denied).contains(where: \.isOfContent) }

    /// What speaks against a name alone.
    ///
    /// All its suffixes can deny it, since some servers go by any of them (`a.php.jpg`); only the last one can allow it.
    func refusal(name: FileName) -> APIError? {
        guard !allowed.isEmpty || !denied.isEmpty else { return nil }
        let suffixes = Self.suffixes(of: name)
        for rule in denied {
            if case .suffix(let suffix) = rule.kind, suffixes.contains(suffix) { return .typeRefused(rule.description) }
        }
        let wanted = allowed.compactMap { if case .suffix(let suffix) = $0.kind { suffix } else { nil } }
        guard !wanted.isEmpty, suffixes.last.map({ !wanted.contains($0) }) ?? true else { return nil }
        return .typeNotAllowed(allowed)
    }

    /// What speaks against this content, behind a name against which nothing does.
    ///
    /// - Parameter markup: what the content hides, see `HiddenMarkup`.
    func refusal(of sniffed: Sniffed, markup: String?, name: FileName) -> APIError? {
        let hidden = markup.map { [$0] } ?? []
        let words = sniffed.description.lowercased()
        for rule in denied where (sniffed.types + hidden).contains(where: { rule.covers(type: $0) }) || rule.covers(words: words) {
            return .typeRefused(rule.description)
        }
        let faces = sniffed.types.prefix(1) + hidden
        let wanted = allowed.filter(\.isOfContent)
        let isWanted = faces.allSatisfy { face in wanted.contains { $0.covers(type: face) || $0.covers(words: words) } }
        guard wanted.isEmpty || isWanted else { return .typeNotAllowed(allowed) }
        guard mustMatch, let suffix = Self.suffixes(of: name).last, let family = TypeFamilies.types(of: suffix) else { return nil }
        guard faces.allSatisfy({ face in family.contains { $0.covers(type: face) } }) else { return .typeMismatch(suffix) }
        return nil
    }

    private static func suffixes(of name: FileName) -> [String] {
        name.value.lowercased().split(separator: ".", omittingEmptySubsequences: false).dropFirst().map { suffix in
            String(suffix.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
        }
    }
}

extension TypeRule {
    fileprivate func covers(type: String) -> Bool {
        guard case .type(let major, let minor) = kind else { return false }
        let parts = type.split(separator: "/", maxSplits: 1)
        return parts.count == 2 && parts[0] == major && (minor == nil || parts[1] == minor ?? "")
    }

    fileprivate func covers(words: String) -> Bool {
        if case .words(let wanted) = kind { words.contains(wanted) } else { false }
    }
}
