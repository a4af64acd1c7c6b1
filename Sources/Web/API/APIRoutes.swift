import Accounts
import Hummingbird

/// What is below `/api/v1`, for machines with a token and for scripts of our own pages.
struct APIRoutes {
    let tokens: TokenStore
    let uploads: UploadHandlers
    let resumable: ResumableHandlers
    let list: ListHandlers
    let content: ContentHandler
    let deletion: DeleteHandlers
    let me: MeHandler
    let events: EventHandlers
    let guardian: OriginGuard
    /// How a browser's cookies are read, by who sends the requests of a route.
    let reading: @Sendable (VisitReading.Sender) -> VisitReading

    func add(to router: Router<WebContext>) {
        let files = group(on: router, for: .person).add(middleware: ScopeCheck())
        files.table("files", [.post: uploads.post, .get: list.page, .delete: deletion.many])
        files.table("files/:id", [.put: uploads.put, .get: list.get, .delete: deletion.one])
        files.table("files/:id/content", [.get: content.get, .head: content.get])
        files.table("me", [.get: me.get])
        resumable.add(
            to: group(on: router, for: .person).add(middleware: MethodOverride()).add(middleware: ScopeCheck(looking: .write))
                .add(middleware: TusVersionCheck()),
            open: router.group("api/v1"))
        group(on: router, for: .script).add(middleware: ScopeCheck()).table("events", [.get: events.open])
    }

    /// For who has signed in; what their token is for, has still to be asked.
    private func group(on router: Router<WebContext>, for sender: VisitReading.Sender) -> some RouterMethods<UserContext> {
        router.group("api/v1")
            .add(middleware: BearerAuthentication(tokens: tokens))
            .add(middleware: SessionAuthentication(reading: reading(sender), guardian: guardian))
            .group(context: UserContext.self)
    }
}
