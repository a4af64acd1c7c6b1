import HTTPTypes
import Hummingbird

/// Gets the template of a page, its content, and the frame around that.
package typealias PageObserver = @Sendable (PageTemplate, any PageContent, any PageContent) -> Void

/// Makes answers out of templates and contexts.
struct PageRenderer: Sendable {
    /// Some ten times as many as there are.
    private static let skeletonLimit = 1000

    private let skeletons: PageSkeletons
    private let headers: HTTPFields
    private let onPage: PageObserver

    /// - Parameters:
    ///   - assets: addresses by the names that templates use.
    ///   - onPage: is told what each page is made of.
    /// - Throws: for a template that cannot be read, which is a fault of the build.
    init(assets: [String: String], onPage: @escaping PageObserver) throws {
        skeletons = try PageSkeletons(assets: assets, limit: Self.skeletonLimit)
        headers = .page
        self.onPage = onPage
    }

    /// A page.
    func render(_ template: PageTemplate, _ content: some PageContent, in frame: PageFrame, status: HTTPResponse.Status = .ok) -> Response {
        onPage(template, content, frame)
        var page = PageWriter(skeletons, csrf: frame.csrf)
        page.write(template, content, in: frame)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: page.buffer))
    }

    /// A page that says one thing.
    func render(_ message: MessagePage.Message, status: HTTPResponse.Status) -> Response {
        render(.message, MessagePage(message: message), in: PageFrame(), status: status)
    }
}
