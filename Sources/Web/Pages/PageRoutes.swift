import Accounts
import HTTPTypes
import Hummingbird

/// The pages, and what their scripts and pictures need besides the API.
struct PageRoutes {
    let login: LoginPages
    let code: CodePages
    let register: RegisterPages
    let forgot: ForgotPages
    let reset: ResetPages
    let logout: LogoutHandler
    let home: HomePages
    let account: AccountPages
    let captcha: CaptchaHandlers
    let session: SessionHandlers
    let sessions: SessionStore
    let cookies: SessionCookies
    let guardian: OriginGuard
    /// How a browser's cookies are read, by who sends the requests of a route.
    let reading: @Sendable (VisitReading.Sender) -> VisitReading

    func add(to router: Router<WebContext>) {
        addEntrance(to: router)
        addMembers(to: router)
        addScripts(to: router)
    }

    /// Pages for whoever comes: each has a form, hence a session.
    private func addEntrance(to router: Router<WebContext>) {
        let entrance = forms(on: router).add(middleware: SessionOpening(sessions: sessions, cookies: cookies))
        add(entrance, to: router, "login", [.get: login.show, .post: login.submit])
        add(entrance, to: router, "register", [.get: register.show, .post: register.submit])
        add(entrance, to: router, "password/forgot", [.get: forgot.show, .post: forgot.submit])
        add(entrance, to: router, "password/reset", [.get: reset.show, .post: reset.submit])
        // These make sense in a session that is there already.
        let later = forms(on: router)
        add(later, to: router, "login/code", [.get: code.show, .post: code.submit])
        add(later, to: router, "login/code/resend", [.post: code.resend])
        add(later, to: router, "logout", [.post: logout.submit])
    }

    /// Pages for whoever is signed in.
    private func addMembers(to router: Router<WebContext>) {
        let members = forms(on: router).group(context: MemberContext.self)
        add(members, to: router, "", [.get: home.show])
        add(members, to: router, "files/:id/delete", [.post: home.delete])
        add(members, to: router, "account", [.get: account.show])
        add(members, to: router, "account/password", [.post: account.changePassword])
        add(members, to: router, "account/sessions/:number/end", [.post: account.endSession])
        add(members, to: router, "account/sessions/end-others", [.post: account.endOtherSessions])
        add(members, to: router, "account/tokens", [.post: account.addToken])
        add(members, to: router, "account/tokens/:number/revoke", [.post: account.revokeToken])
        // Its body is not a small form but files, among which the token comes first.
        add(group(on: router, for: .person).group(context: MemberContext.self), to: router, "files", [.post: home.upload])
    }

    /// What pages ask for by themselves.
    private func addScripts(to router: Router<WebContext>) {
        let scripts = group(on: router, for: .script)
        add(scripts, to: router, "session", [.get: session.get])
        add(scripts, to: router, "login/code/mail", [.get: code.mail])
        let own = router.group().add(middleware: EmbeddingCheck(guardian: guardian))
        add(group(on: own, for: .script), to: router, "captcha/:file", [.get: captcha.serve])
        let visitors = group(on: own, for: .script).add(middleware: SessionOpening(sessions: sessions, cookies: cookies))
        add(visitors, to: router, "login/captcha", [.get: captcha.make])
        add(group(on: router, for: .person), to: router, "session/stay", [.post: session.stay])
    }

    /// Registers the handlers of one path; HEAD is GET without the body. What has no handler is refused before anybody's session is
    /// looked at.
    private func add<Context: RequestContext>(
        _ group: RouterGroup<Context>, to router: Router<WebContext>, _ path: RouterPath,
        _ handlers: KeyValuePairs<HTTPRequest.Method, @Sendable (Request, Context) async throws -> Response>
    ) {
        for (method, handler) in handlers {
            group.on(path, method: method, use: handler)
            guard method == .get else { continue }
            group.on(path, method: .head) { try await handler($0, $1).createHeadResponse() }
        }
        router.refuseOthers(path, than: handlers.flatMap { $0.key == .get ? [.get, .head] : [$0.key] })
    }

    private func forms(on router: Router<WebContext>) -> RouterGroup<PageContext> {
        group(on: router, for: .person).add(middleware: FormReading(guardian: guardian, reading: reading(.person)))
    }

    private func group(on router: some RouterMethods<WebContext>, for sender: VisitReading.Sender) -> RouterGroup<PageContext> {
        router.group()
            .add(middleware: HostCheck(address: guardian.address))
            .add(middleware: reading(sender))
            .group(context: PageContext.self)
    }
}
