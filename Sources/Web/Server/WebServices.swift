package import Accounts
package import Files

/// What the routes work with.
package struct WebServices: Sendable {
    let tokens: TokenStore
    let registration: Registration
    let signIn: SignIn
    let resets: PasswordResets
    let captchas: CaptchaMedia
    let catalog: FileCatalog
    let staging: StagingArea
    let intake: FileIntake
    let uploads: ResumableUploads
    /// Tells the queue about files that were deleted.
    let announce: @Sendable ([FileRecord]) async -> Void
    let isQueueFull: @Sendable () -> Bool
    let types: TypeGuard
    let quotas: QuotaKeeper
    let isDatabaseAway: @Sendable () -> Bool

    package init(
        tokens: TokenStore, registration: Registration, signIn: SignIn, resets: PasswordResets, captchas: CaptchaMedia,
        catalog: FileCatalog, staging: StagingArea, intake: FileIntake, uploads: ResumableUploads,
        announce: @escaping @Sendable ([FileRecord]) async -> Void, isQueueFull: @escaping @Sendable () -> Bool, quotas: QuotaKeeper,
        isDatabaseAway: @escaping @Sendable () -> Bool, types: TypeGuard
    ) {
        self.tokens = tokens
        self.registration = registration
        self.signIn = signIn
        self.resets = resets
        self.captchas = captchas
        self.catalog = catalog
        self.staging = staging
        self.intake = intake
        self.uploads = uploads
        self.announce = announce
        self.isQueueFull = isQueueFull
        self.types = types
        self.quotas = quotas
        self.isDatabaseAway = isDatabaseAway
    }
}
