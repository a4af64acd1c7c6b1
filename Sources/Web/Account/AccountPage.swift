import Accounts
import FoundationEssentials

/// What the account page shows.
struct AccountPage: PageContent {
    struct Profile: PageContent {
        let name: String
        let email: String
        let fullName: String?

        var values: PageValues {
            ["name": .text(name), "email": .text(email), "fullName": .optional(fullName)]
        }

        init(_ user: User) {
            name = user.name
            email = user.email
            fullName = user.fullName.isEmpty ? nil : user.fullName
        }
    }

    struct SessionRow: PageContent {
        /// Names the session as long as it lives.
        let number: String
        let device: String
        let network: String
        let isCurrent: Bool
        let seenISO: String
        let seenText: String

        var values: PageValues {
            [
                "number": .text(number), "device": .text(device), "network": .text(network), "isCurrent": .flag(isCurrent),
                "seenISO": .text(seenISO), "seenText": .text(seenText),
            ]
        }

        init(_ session: SessionSummary) {
            number = session.id
            device = session.device.isEmpty ? "An unknown browser" : session.device
            network = session.network
            isCurrent = session.isCurrent
            seenISO = PageTime.iso(session.lastUsedAt)
            seenText = PageTime.text(session.lastUsedAt)
        }
    }

    /// Shown once, in the answer to its creation.
    struct NewToken: PageContent {
        let text: String

        var values: PageValues { ["text": .text(text)] }
    }

    let profile: Profile
    let sessions: [SessionRow]
    let hasOtherSessions: Bool
    let newToken: NewToken?
    let origin: String
    let tokens: [TokenRow]
    let hasTokens: Bool
    /// Those that have not expired, which a change of the password leaves: `3 API tokens`. Nil: none.
    let keptTokens: String?
    let lifetimes: [TokenLifetime.Choice]
    let scopes: [ScopeOption]
    let form: Form

    var values: PageValues {
        [
            "profile": .content(profile), "sessions": .rows(.sessionRow, sessions), "hasOtherSessions": .flag(hasOtherSessions),
            "newToken": .content(newToken), "origin": .text(origin), "tokens": .rows(.tokenRow, tokens), "hasTokens": .flag(hasTokens),
            "keptTokens": .optional(keptTokens), "lifetimes": .rows(.lifetimeOption, lifetimes),
            "scopes": .rows(.scopeOption, scopes), "form": .content(form),
        ]
    }

    struct Form: PageContent {
        var currentPasswordError: String?
        var passwordError: String?
        var tokenNameError: String?
        var tokenScopesError: String?
        var tokenPasswordError: String?
        var tokenName = ""
        /// Not in the template: which of the lifetimes is chosen.
        var lifetime = TokenLifetime.standard
        /// Not in the template either: which of the scopes are ticked.
        var scopes = Set<TokenScope>.all

        var values: PageValues {
            [
                "currentPasswordError": .optional(currentPasswordError), "passwordError": .optional(passwordError),
                "tokenNameError": .optional(tokenNameError), "tokenScopesError": .optional(tokenScopesError),
                "tokenPasswordError": .optional(tokenPasswordError), "tokenName": .text(tokenName),
            ]
        }

        var errors: PageErrors? {
            PageErrors(fields: [
                "current_password": currentPasswordError, "password": passwordError, "token_name": tokenNameError,
                TokenScope.read.field: tokenScopesError, "token_password": tokenPasswordError,
            ])
        }
    }

    init(
        _ user: User, sessions: [SessionSummary], tokens: [APIToken], newToken: String?, origin: String, form: Form, now: Date
    ) {
        profile = Profile(user)
        // Stable: the others stay in the order of their last use.
        self.sessions = (sessions.filter(\.isCurrent) + sessions.filter { !$0.isCurrent }).map(SessionRow.init)
        hasOtherSessions = sessions.contains { !$0.isCurrent }
        self.newToken = newToken.map { NewToken(text: $0) }
        self.origin = origin
        self.tokens = tokens.reversed().map { TokenRow($0, now: now) }
        hasTokens = !tokens.isEmpty
        let kept = tokens.count { $0.expiresAt.map { $0 > now } ?? true }
        keptTokens = kept == 0 ? nil : kept == 1 ? "1 API token" : "\(kept) API tokens"
        lifetimes = TokenLifetime.allCases.map { $0.choice(isChosen: $0 == form.lifetime) }
        scopes = TokenScope.allCases.map { ScopeOption(scope: $0, isTicked: form.scopes.contains($0)) }
        self.form = form
    }
}
