import Accounts
import Files
import Logging
import Platform

extension Routes {
    /// Gives every handler what it works with.
    init(
        _ settings: Settings.Web, _ services: WebServices, _ security: SecurityLog, _ logger: Logger, onPage: @escaping PageObserver
    ) throws {
        let (signIn, sessions) = (services.signIn, services.signIn.sessions)
        let cookies = SessionCookies(settings.address)
        let guardian = OriginGuard(address: settings.address)
        let addresses = ClientAddresses(trustedProxies: settings.trustedProxies, notice: ProxyNotice(logger: logger))
        let reading = { @Sendable (sender: VisitReading.Sender) in
            VisitReading(sessions: sessions, cookies: cookies, addresses: addresses, sender: sender)
        }
        let captchas = FormCaptchas(captchas: signIn.captchas)
        let assets = AssetStore()
        let pages = try PageRenderer(assets: assets.addresses, onPage: onPage)
        let gate = UploadGate(
            staging: services.staging,
            admission: UploadAdmission(limit: settings.uploads.parallelPerUser, total: settings.uploads.parallel),
            pressure: Pressure(
                intake: services.intake, isQueueFull: services.isQueueFull, isDatabaseAway: services.isDatabaseAway),
            quotas: services.quotas)
        let limits = UploadLimits(fileSize: settings.uploads.maximumFileSize, parts: settings.uploads.maximumFilesPerRequest)
        let uploads = UploadHandlers(
            staging: services.staging, intake: services.intake, gate: gate, limits: limits, types: services.types, sessions: sessions,
            tokens: services.tokens, security: security)
        let list = ListHandlers(catalog: services.catalog)
        let deletion = DeleteHandlers(catalog: services.catalog, announce: services.announce)
        let receiver = ResumableReceiver(limits: limits, pool: services.staging.pool, sessions: sessions, tokens: services.tokens)
        let resumable = ResumableHandlers(
            uploads: services.uploads,
            creation: CreationHandler(
                uploads: services.uploads, staging: services.staging, gate: gate, quotas: services.quotas, types: services.types,
                receiver: receiver, replies: services.intake.replies),
            gate: gate, receiver: receiver, deletion: deletion, quotas: services.quotas)
        let places = StreamPlaces(limit: EventHandlers.places.all, limitOfUser: EventHandlers.places.ofUser)
        self.init(
            api: APIRoutes(
                tokens: services.tokens, uploads: uploads, resumable: resumable, list: list,
                content: ContentHandler(list: list, staging: services.staging, accelPrefix: settings.accelPrefix), deletion: deletion,
                me: MeHandler(quotas: services.quotas, limits: settings.uploads),
                events: EventHandlers(catalog: services.catalog, sessions: sessions, tokens: services.tokens, places: places),
                guardian: guardian,
                reading: reading),
            pages: PageRoutes(
                login: LoginPages(signIn: signIn, captchas: captchas, pages: pages, cookies: cookies, guardian: guardian),
                code: CodePages(signIn: signIn, pages: pages, cookies: cookies, guardian: guardian),
                register: RegisterPages(registration: services.registration, captchas: captchas, pages: pages),
                forgot: ForgotPages(resets: services.resets, captchas: captchas, pages: pages),
                reset: ResetPages(resets: services.resets, pages: pages, cookies: cookies),
                logout: LogoutHandler(signIn: signIn, cookies: cookies),
                home: HomePages(catalog: services.catalog, uploads: uploads, deletion: deletion, guardian: guardian, pages: pages),
                account: AccountPages(
                    signIn: signIn, tokens: services.tokens, pages: pages, cookies: cookies, address: settings.address),
                captcha: CaptchaHandlers(captchas: signIn.captchas, media: services.captchas),
                session: SessionHandlers(guardian: guardian, reading: reading(.person)), sessions: sessions, cookies: cookies,
                guardian: guardian, reading: reading),
            assets: assets, renderer: pages, security: security, address: settings.address)
    }
}
