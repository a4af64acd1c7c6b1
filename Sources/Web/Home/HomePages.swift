import Accounts
import Files
import HTTPTypes
import Hummingbird
import Platform

/// One's files: `GET /`, and for browsers without scripts `POST /files` and `POST /files/{id}/delete`.
struct HomePages {
    let catalog: FileCatalog
    let uploads: UploadHandlers
    let deletion: DeleteHandlers
    let guardian: OriginGuard
    let pages: PageRenderer

    func show(_ request: Request, context: MemberContext) async throws -> Response {
        try await render(FileQuery(request.uri.query), context)
    }

    func upload(_ request: Request, context: MemberContext) async throws -> Response {
        try guardian.checkSite(request)
        let gate = FormGate { try guardian.checkToken($0, of: context.session) }
        let outcomes = try await uploads.receive(request, from: context.uploader, form: gate)
        var refusals: [(name: String?, error: APIError)] = []
        for case .refused(let name, let error) in outcomes { refusals.append((name, error)) }
        guard let first = refusals.first else { return Redirection(to: "/").response() }
        let items = refusals.map { name, error in
            PageErrors.Item(text: error.problem.detail ?? "\(error.problem.title).", errorFile: name ?? "A file")
        }
        let title = outcomes.count == 1 ? "The file was not taken" : "\(refusals.count) of \(outcomes.count) files were not taken"
        return try await render(
            FileQuery(), context, errors: PageErrors(title: title, items: items), status: .init(code: first.error.problem.status))
    }

    func delete(_ request: Request, context: MemberContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ FileID($0) }) else { throw APIError.fileNotFound }
        guard try context.form.text("confirm") == "yes" else {
            guard let file = try await catalog.find(owner: context.user.id, id: id) else { throw APIError.fileNotFound }
            let page = DeletePage(file: .init(id: id.description, name: file.name))
            return pages.render(.delete, page, in: PageFrame(context.session))
        }
        guard try await deletion.delete(id, of: context.user.id) else { throw APIError.fileNotFound }
        return Redirection(to: "/").response()
    }

    private func render(
        _ query: FileQuery, _ context: MemberContext, errors: PageErrors? = nil, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let page = try await query.page(of: context.user.id, in: catalog)
        return pages.render(
            .home, HomePage(limits: .init(uploads.limits), list: FileListing(page, of: query)),
            in: PageFrame(context.session, errors: errors), status: status)
    }
}
