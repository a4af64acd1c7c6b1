public import Platform
public import Postgres
public import Redis

/// Why somebody cannot register like that. All problems of a form are told at once.
public enum RegistrationProblem: Sendable, Hashable {
    case name, nameTaken, email, fullName
    case password(PasswordProblem)
}

/// What came of a registration.
public enum RegistrationOutcome: Sendable {
    /// There is a new user, or somebody has the address already and is told by mail. Who registers does not learn which.
    case accepted
    case refused([RegistrationProblem])
    case throttled(retryAfter: Duration)
}

/// Registering oneself. That the address is one's own is shown by the code that goes there at each sign-in.
public struct Registration: Sendable {
    /// Has a mail sent, by a job that calls `mail(for:)`.
    public typealias Announce = @Sendable (RegistrationNoticeID) async throws -> Void

    private let store: RegistrationStore
    private let hasher: PasswordHasher
    private let throttle: Throttle
    private let announce: Announce

    public init(pool: PostgresPool, redis: RedisClient, hasher: PasswordHasher, announce: @escaping Announce) {
        store = RegistrationStore(database: Database(pool: pool))
        self.hasher = hasher
        throttle = Throttle(client: redis)
        self.announce = announce
    }

    /// What a person wants to be known by.
    public struct Form: Sendable {
        public var name, email, fullName: String
        /// As it was received.
        public var password: Secret

        public init(name: String, email: String, fullName: String, password: Secret) {
            (self.name, self.email, self.fullName, self.password) = (name, email, fullName, password)
        }

        /// What can be said without asking anybody.
        public var problems: [RegistrationProblem] {
            var problems: [RegistrationProblem] = []
            if !UserText.isName(name) { problems.append(.name) }
            if EmailAddress(email) == nil { problems.append(.email) }
            if !UserText.isFullName(fullName) { problems.append(.fullName) }
            // Only names that can be: a form has room for thousands of words, each of which would be looked for in the password.
            let context = problems.isEmpty ? UserText.contextWords(name: name, email: email, fullName: fullName) : []
            if let problem = PasswordRules.problem(of: password, context: context) { problems.append(.password(problem)) }
            return problems
        }
    }

    /// Makes a user. A name that is taken is told, since one has to choose another; an address that is taken is not: its owner learns of it
    /// by a mail, nothing is made, and what follows is the refusal that whoever has no account gets (ASVS 6.3.8).
    ///
    /// - Throws: `.busy`, `.database`, `.unavailable`, and what `announce` throws.
    public func register(_ form: Form, network: NetworkAddress) async throws -> RegistrationOutcome {
        let problems = form.problems
        guard problems.isEmpty else { return .refused(problems) }
        let lanes = Self.lanes(of: network)
        // Names that are taken show here, so asking for them has a limit too.
        if let refusal = try await throttle.take(lanes) { return .throttled(retryAfter: refusal.retryAfter) }
        // The name is looked at whoever has the address, or a name that is known to be taken would tell of any address.
        let holders = try await store.holders(name: form.name, email: form.email)
        guard !holders.isNameTaken else {
            // Nothing is made, so it takes nobody else's place.
            try await throttle.giveBack([(.registrationsInAll, .everybody)])
            return .refused([.nameTaken])
        }
        let hash = try await throttle.spending(lanes) { () async throws(AccountsError) in try await hasher.hash(form.password) }
        // First, so that a queue that is away leaves nobody with a name that is taken by themselves.
        try await tell(holders.ofAddress)
        do throws(AccountsError) {
            try await store.add(form, hash, holder: holders.ofAddress, network)
            return .accepted
        } catch {
            guard error.code == .nameTaken else { throw error }
            return .refused([.nameTaken])
        }
    }

    /// Has the holder of an address told that it was tried. For nobody the same is done, so that the answer takes the same time.
    private func tell(_ holder: UserID?) async throws {
        let isSpent = try await throttle.take([(.noticesOfUser, holder.map { .user($0) } ?? .nobody)]) != nil
        try await announce(try await store.note(for: isSpent ? nil : holder))
    }

    private static func lanes(of network: NetworkAddress) -> [Throttle.Lane] {
        let site: [Throttle.Lane] = network.site.map { [(.registrationsOfSite, .site($0))] } ?? []
        return [(.registrations, .network(network))] + site + [(.registrationsInAll, .everybody)]
    }

    /// What to mail, and where; nil when there is nobody to mail it to, or no use in it any more.
    public func mail(for id: RegistrationNoticeID) async throws(AccountsError) -> RegistrationMail? {
        try await store.mail(for: id)
    }
}
