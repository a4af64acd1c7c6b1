/// What a page or a part of one shows: names, as the template has them, and values.
package protocol PageContent: Sendable {
    /// Always the same names with values of the same cases, in the same order; what is not there is listed without its content.
    var values: PageValues { get }
}

/// Names in templates, in a fixed order, and their values: `["name": .text(name), "size": .number(size)]`.
package struct PageValues: Sendable, ExpressibleByDictionaryLiteral {
    package let pairs: [(String, PageValue)]

    package init(_ pairs: [(String, PageValue)]) {
        self.pairs = pairs
    }

    package init(dictionaryLiteral pairs: (String, PageValue)...) {
        self.init(pairs)
    }
}

/// The value of a name in a template. Small, because there are many texts and numbers; what is larger is behind a pointer.
package enum PageValue: Sendable {
    case text(String)
    /// Nil: the name is not there, and its section is left out.
    case optional(String?)
    case number(Int64)
    /// Whether a section is there.
    case flag(Bool)
    /// Names within a name.
    indirect case content((any PageContent)?)
    /// A section with one partial in it, which has the values of its row, and of the page only `csrf` and `assets`.
    indirect case row(PageTemplate, any PageContent)
    /// The same once for each row, with nothing but the partial in the section.
    case rows(PageTemplate, [any PageContent])

    static func number(_ number: Int) -> Self { .number(Int64(number)) }
}
