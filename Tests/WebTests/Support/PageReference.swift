import Mustache
import Synchronization
import Web

/// A page as Mustache alone renders it, out of the values themselves.
struct PageReference {
    private let library: MustacheLibrary
    private let assets: [String: String]

    init(assets: [String: String]) throws {
        var library = MustacheLibrary()
        for template in PageTemplate.allCases { try library.register(template.text, named: template.rawValue) }
        self.library = library
        self.assets = assets
    }

    /// - Parameter names: is told which ones the template asks for.
    func render(_ template: PageTemplate, _ content: any PageContent, in frame: any PageContent, _ names: PageNames? = nil) -> String? {
        var values = members(of: frame, "frame", names)
        values.merge(members(of: content, template.rawValue, names)) { _, inner in inner }
        values["assets"] = node(assets, "assets", names)
        return library.render(node(values, "", names), withTemplate: template.rawValue)
    }

    private func members(of content: any PageContent, _ owner: String, _ names: PageNames?) -> [String: Any] {
        var members: [String: Any] = [:]
        for (name, value) in content.values.pairs {
            names?.declare(name, of: owner)
            switch value {
            case .text(let text), .optional(let text?): members[name] = text
            case .number(let number): members[name] = number
            case .flag(let flag): members[name] = flag
            case .content(let inner?):
                let owner = "\(owner).\(name)"
                members[name] = node(self.members(of: inner, owner, names), owner, names)
            case .row(let template, let row): members[name] = self.row(row, of: template, names)
            case .rows(let template, let rows): members[name] = rows.map { row($0, of: template, names) }
            case .optional(nil), .content(nil): break
            }
        }
        return members
    }

    private func row(_ row: any PageContent, of template: PageTemplate, _ names: PageNames?) -> Any {
        node(members(of: row, template.rawValue, names), template.rawValue, names)
    }

    private func node(_ values: [String: Any], _ owner: String, _ names: PageNames?) -> Any {
        names.map { PageNames.Node(values: values, owner: owner, names: $0) } ?? values
    }
}

/// Which names contexts have, and which ones templates ask for.
final class PageNames: Sendable {
    private struct State {
        var declared: [String: Set<String>] = [:]
        var found: [String: Set<String>] = [:]
        var missed: Set<String> = []
    }

    /// What Mustache looks a name up in.
    fileprivate struct Node: MustacheParent {
        let values: [String: Any]
        let owner: String
        let names: PageNames

        func child(named name: String) -> Any? {
            let value = values[name]
            names.asked(name, of: owner, isThere: value != nil)
            return value
        }
    }

    private let state = Mutex(State())

    /// Those of contexts that no template has asked for.
    var unused: [String] {
        state.withLock { state in
            state.declared.flatMap { owner, names in
                // A page and its frame are one to a template.
                let isPage = owner == "frame" || PageTemplate(rawValue: owner).map { !$0.isRow } ?? false
                return names.subtracting(state.found[isPage ? "" : owner] ?? []).map { "\(owner).\($0)" }
            }.sorted()
        }
    }

    /// Those that a template has asked for and no context has.
    var unknown: [String] {
        state.withLock { state in state.missed.subtracting(state.declared.values.reduce(into: ["assets"]) { $0.formUnion($1) }).sorted() }
    }

    fileprivate func declare(_ name: String, of owner: String) {
        state.withLock { $0.declared[owner, default: []].formUnion([name]) }
    }

    fileprivate func asked(_ name: String, of owner: String, isThere: Bool) {
        state.withLock { state in
            if isThere { state.found[owner, default: []].formUnion([name]) } else { state.missed.formUnion([name]) }
        }
    }
}
