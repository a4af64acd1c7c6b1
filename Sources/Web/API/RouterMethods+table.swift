import HTTPTypes
import Hummingbird

extension RouterMethods {
    /// Registers the handlers of one path, and `405` for the methods it does not have.
    func table(
        _ path: RouterPath, _ handlers: KeyValuePairs<HTTPRequest.Method, @Sendable (Request, Context) async throws -> Response>
    ) {
        for (method, handler) in handlers { on(path, method: method, use: handler) }
        refuseOthers(path, than: handlers.map(\.key))
    }

    /// Answers `405` for all methods of a path but these, which may be registered in several groups.
    func refuseOthers(_ path: RouterPath, than methods: [HTTPRequest.Method]) {
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        for method in [.get, .head, .post, .put, .patch, .delete, .options] as [HTTPRequest.Method] where !methods.contains(method) {
            on(path, method: method) { _, _ -> Response in throw APIError.methodNotAllowed(allow: allowed) }
        }
    }
}
