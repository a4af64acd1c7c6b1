import Mustache
import Synchronization

/// The skeletons of all pages and rows that were shown so far.
///
/// Mustache renders each template once for each shape that its values come in, with marks in the place of texts and numbers. There is a
/// handful of shapes to a template, whatever people type and however many files they have.
package final class PageSkeletons: Sendable {
    private struct Key: Hashable {
        let template: PageTemplate
        /// The type that says what the bits of the shape mean.
        let content: ObjectIdentifier
        let shape: UInt64
    }

    private let templates: [PageTemplate: MustacheTemplate]
    /// The same, but each row is nothing but its mark.
    private let partials: MustacheLibrary
    private let assets: [String: String]
    private let limit: Int
    private let known = Mutex<[Key: PageSkeleton]>([:])

    /// - Parameters:
    ///   - assets: addresses by the names that templates use.
    ///   - limit: how many skeletons are kept; one more, and all are made anew.
    /// - Throws: for a template that Mustache cannot read.
    package init(assets: [String: String], limit: Int) throws {
        var templates: [PageTemplate: MustacheTemplate] = [:]
        var partials = MustacheLibrary()
        for template in PageTemplate.allCases {
            let parsed = try MustacheTemplate(string: template.text)
            templates[template] = parsed
            partials.register(template.isRow ? try MustacheTemplate(string: "{{.}}") : parsed, named: template.rawValue)
        }
        self.templates = templates
        self.partials = partials
        self.assets = assets
        self.limit = limit
    }

    /// How many there are.
    package var count: Int { known.withLock { $0.count } }

    /// The skeleton for what a content fills in, and that.
    func find(_ template: PageTemplate, _ content: any PageContent, in frame: any PageContent) -> (PageSkeleton, PageFilling) {
        let filling = PageFilling(content, in: frame)
        let key = Key(template: template, content: ObjectIdentifier(type(of: content)), shape: filling.shape)
        if let skeleton = known.withLock({ $0[key] }) { return (skeleton, filling) }
        var names = PageMarks(content, in: frame).names
        names["assets"] = assets
        // Two may do this at the same time, with the same result.
        let skeleton = PageSkeleton(templates[template]?.render(names, library: partials) ?? "")
        known.withLock { known in
            if known.count >= limit { known.removeAll() }
            known[key] = skeleton
        }
        return (skeleton, filling)
    }
}
