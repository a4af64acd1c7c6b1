public import Platform
public import Postgres
public import Redis

/// Why somebody cannot register like that. All problems of a form are told at once.
public enum RegistrationProblem: Sendable, Hashable {
    case name, nameTaken, email, emailTaken, fullName
    case password(PasswordProblem)
}

/// What came of a registration.
public enum RegistrationOutcome: Sendable {
    case registered(User)
    case refused([RegistrationProblem])
    case throttled(retryAfter: Duration)
}

/// Registering oneself. That the address is one's own is shown by the code that goes there at each sign-in.
public struct Registration: Sendable {
    private let users: UserStore
    private let hasher: PasswordHasher
    private let throttle: Throttle
    private let audit: AuditLog

    public init(pool: PostgresPool, redis: RedisClient, hasher: PasswordHasher) {
        users = UserStore(pool: pool)
        self.hasher = hasher
        throttle = Throttle(client: redis)
        audit = AuditLog(pool: pool)
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

    /// - Throws: `.busy`, `.database`, `.unavailable`.
    public func register(_ form: Form, network: NetworkAddress) async throws(AccountsError) -> RegistrationOutcome {
        let problems = form.problems
        guard problems.isEmpty else { return .refused(problems) }
        // Names and addresses that are taken show here, so asking for them has a limit too.
        if let refusal = try await throttle.take([(.registrations, .network(network))]) {
            return .throttled(retryAfter: refusal.retryAfter)
        }
        let hash = try await hasher.hash(form.password)
        do throws(AccountsError) {
            let user = try await users.add(name: form.name, email: form.email, fullName: form.fullName, password: hash)
            try await audit.record(.registered, user.id, network)
            return .registered(user)
        } catch {
            switch error.code {
            case .nameTaken: return .refused([.nameTaken])
            case .emailTaken: return .refused([.emailTaken])
            default: throw error
            }
        }
    }
}
