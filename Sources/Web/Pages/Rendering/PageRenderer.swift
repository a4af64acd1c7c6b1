import HTTPTypes
import Hummingbird
import Mustache
import NIOCore

/// Makes answers out of templates and contexts.
struct PageRenderer: Sendable {
    private let library: MustacheLibrary
    private let assets: [String: String]
    private let headers: HTTPFields

    /// - Parameter assets: addresses by the names that templates use.
    /// - Throws: for a template that cannot be read, which is a fault of the build.
    init(assets: [String: String]) throws {
        library = try .builtIn()
        self.assets = assets
        headers = .page
    }

    /// A page.
    ///
    /// - Parameter content: a structure whose properties are the names in the template.
    func render(_ template: PageTemplate, _ content: some Any, in frame: PageFrame, status: HTTPResponse.Status = .ok) -> Response {
        var names = PageTree.members(of: content)
        names.merge(PageTree.members(of: frame)) { _, frame in frame }
        names["assets"] = assets
        let text = library.render(names, withTemplate: template.rawValue) ?? ""
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// A page that says one thing.
    func render(_ message: MessagePage.Message, status: HTTPResponse.Status) -> Response {
        render(.message, MessagePage(message: message), in: PageFrame(), status: status)
    }
}
