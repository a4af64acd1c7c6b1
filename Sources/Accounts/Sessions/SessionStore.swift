import Cryptography
import FoundationEssentials
public import Platform
public import Redis

/// The sessions, in Redis alone: a key that is gone is a session that is gone, on every process at once.
///
/// Those of strangers are in no store: there is nothing to end, and nothing that those who come without a cookie could fill.
///
/// - Throws: all calls about sessions of people throw `.unavailable` when Redis cannot be asked. Nobody is let in then.
public struct SessionStore: Sendable {
    private let redis: ScriptRunner
    private let key: SignInKey
    public let limits: SessionLimits

    public init(client: RedisClient, limits: SessionLimits, key: SignInKey) {
        redis = ScriptRunner(client: client)
        self.limits = limits
        self.key = key
    }

    /// Opens the session of a stranger.
    public func open() -> Session {
        let now = Date()
        let end = Int64((now.timeIntervalSince1970 + limits.lifetime / .seconds(1)).rounded(.down))
        return stranger(SessionTicket(identifier: OpaqueToken(), end: end, stage: .stranger), now: now)
    }

    /// The session of a cookie.
    ///
    /// - Parameter isActivity: whether a person did something, which renews the idle limit. Polling and event streams are not
    ///   activity; an upload is.
    public func touch(_ ticket: SessionTicket, isActivity: Bool) async throws(AccountsError) -> SessionLookup {
        guard ticket.stage != .stranger else { return read(ticket) }
        let reply = try await run(
            RedisScripts.sessionTouch,
            [RedisArgument(ticket.digest.description), isActivity ? 1 : 0, RedisArgument(limits.idle.milliseconds)])
        guard let fields = reply.array, let now = fields.first?.int else { throw redis.unexpected(RedisScripts.sessionTouch) }
        guard fields.count > 2 else { return .gone(Self.end(at: ticket.end, now: now, note: fields.last?.string)) }
        guard let session = Session(ticket: ticket, key: key, now: now, fields: fields) else {
            throw redis.unexpected(RedisScripts.sessionTouch)
        }
        // Between two looks at the clock within the script it may have run out.
        return session.idleEnd.timeIntervalSince1970 * 1000 > Double(now)
            ? .live(session) : .gone(Self.end(at: ticket.end, now: now, note: nil))
    }

    /// Looks after the session of something under way, and goes along when a change of the password has given it another identifier. A
    /// request with the old one is nobody's.
    ///
    /// - Returns: why the session has ended; nil as long as it lives.
    public func follow(_ trace: inout SessionTrace, isActivity: Bool) async throws(AccountsError) -> SessionEnd? {
        let reply = try await run(
            RedisScripts.sessionFollow,
            [RedisArgument(trace.digest.description), isActivity ? 1 : 0, RedisArgument(limits.idle.milliseconds)])
        guard let fields = reply.array, fields.count >= 3, let now = fields[0].int,
            let digest = fields[1].string.flatMap({ SHA256Digest($0) })
        else { throw redis.unexpected(RedisScripts.sessionFollow) }
        trace.digest = digest
        return fields[2].int == 1 ? nil : Self.end(at: trace.end, now: now, note: fields.last?.string)
    }

    /// Ends a session.
    ///
    /// - Returns: false when it had ended before, or is a stranger's, which only its browser can forget.
    @discardableResult
    public func end(_ ticket: SessionTicket, _ reason: SessionEnd) async throws(AccountsError) -> Bool {
        guard ticket.stage != .stranger else { return false }
        return try await end(ticket.digest.description, owner: "", reason)
    }

    /// Ends one session of a user's list.
    ///
    /// - Parameter id: of the list; anything else is nobody's session.
    public func end(_ id: SessionSummary.ID, of user: UserID) async throws(AccountsError) -> Bool {
        guard let digest = SHA256Digest(id) else { return false }
        return try await end(digest.description, owner: user.description, .elsewhere)
    }

    /// Ends all sessions of a user, also those that wait for their code.
    ///
    /// - Returns: how many there were; nil when the session to spare is none of the user's any more, and nothing was done.
    @discardableResult
    public func endAll(of user: UserID, except spared: SessionTicket? = nil, _ reason: SessionEnd) async throws(AccountsError) -> Int? {
        try await SessionEndings(redis: redis).all(of: user, except: spared, reason)
    }

    /// Ends all sessions of a user around a change that they must not outlive.
    ///
    /// - Returns: false when the session to spare is none of the user's any more, or what `change` answered.
    func ending(
        _ user: UserID, except spared: SessionTicket? = nil, _ reason: SessionEnd,
        change: @escaping @Sendable () async throws(AccountsError) -> Bool
    ) async throws(AccountsError) -> Bool {
        try await SessionEndings(redis: redis).around(user, except: spared, reason, change: change)
    }

    /// The sessions in which a user is signed in, the last used first.
    public func list(of user: UserID, current: SessionTicket? = nil) async throws(AccountsError) -> [SessionSummary] {
        let reply = try await run(RedisScripts.sessionList, [RedisArgument(user.description)])
        guard let rows = reply.array else { throw redis.unexpected(RedisScripts.sessionList) }
        let sessions = rows.compactMap { SessionSummary(fields: $0.array ?? [], current: current) }
        guard sessions.count == rows.count else { throw redis.unexpected(RedisScripts.sessionList) }
        return sessions.sorted { $0.lastUsedAt > $1.lastUsedAt }
    }

    /// For what goes with sessions.
    var client: RedisClient { redis.client }

    // MARK: Steps

    /// What a session turns into, and what it has to be before.
    enum Step {
        /// The password was right: from a stranger's session, or from one that awaits a code.
        case passwordGiven(SignedInUser)
        /// The code was right: from a session that awaits the code of this user. A new lifetime begins.
        case codeGiven(SignedInUser)
        /// Only the identifier changes; the absolute end stays.
        case renewed(SignedInUser)
    }

    /// Puts a session with a new identifier in the place of another one. To be the last step of whatever it belongs to: the browser
    /// knows the new identifier by the answer only.
    ///
    /// - Returns: nil when that one has ended or is not what it has to be; then there is no new one either.
    func advance(
        _ ticket: SessionTicket, _ step: Step, as identifier: OpaqueToken = OpaqueToken(), for visitor: Visitor
    ) async throws(AccountsError) -> Session? {
        try await shielded { () async throws(AccountsError) in
            switch step {
            case .passwordGiven(let user):
                let previous = ticket.stage == .stranger ? nil : Previous(ticket: ticket, standing: .awaitingCode, owner: nil)
                return try await open(.awaitingCode, user, as: identifier, visitor, replacing: previous, lifetime: limits.awaitingCode)
            case .codeGiven(let user):
                let previous = Previous(ticket: ticket, standing: .awaitingCode, owner: user.id)
                return try await open(.signedIn, user, as: identifier, visitor, replacing: previous, lifetime: limits.lifetime)
            case .renewed(let user):
                let previous = Previous(ticket: ticket, standing: .signedIn, owner: user.id)
                return try await open(.signedIn, user, as: identifier, visitor, replacing: previous, lifetime: .zero)
            }
        }
    }

    /// The session whose place another one takes, and what it has to be.
    private struct Previous {
        let ticket: SessionTicket
        let standing: Session.Standing
        let owner: UserID?
    }

    /// - Parameter lifetime: zero keeps the end of the previous session.
    private func open(
        _ standing: Session.Standing, _ user: SignedInUser, as identifier: OpaqueToken, _ visitor: Visitor, replacing previous: Previous?,
        lifetime: Duration
    ) async throws(AccountsError) -> Session? {
        let arguments: [RedisArgument] = [
            RedisArgument(identifier.digest.description), RedisArgument(previous?.ticket.digest.description ?? ""),
            RedisArgument(previous?.standing.rawValue ?? ""), RedisArgument(previous?.owner?.description ?? ""),
            RedisArgument(limits.idle.milliseconds), RedisArgument(lifetime.milliseconds), RedisArgument(user.id.description), "state",
            RedisArgument(standing.rawValue), "user", RedisArgument(user.id.description), "name", RedisArgument(user.name), "device",
            RedisArgument(visitor.device), "network", RedisArgument(visitor.network.description),
        ]
        let times = try await persistently { () async throws(AccountsError) in
            try await redis.integers(RedisScripts.sessionOpen, keys: RedisKeys.sessions, arguments)
        }
        guard !times.isEmpty else { return nil }
        guard times.count == 3 else { throw redis.unexpected(RedisScripts.sessionOpen) }
        let ticket = SessionTicket(identifier: identifier, end: times[1] / 1000, stage: standing.stage)
        return Session(
            ticket: ticket, state: standing.state(of: user), csrf: key.csrfToken(of: ticket), openedAt: Date(milliseconds: times[0]),
            lastUsedAt: Date(milliseconds: times[0]), idleEnd: Date(milliseconds: times[0] + times[2]),
            absoluteEnd: Date(milliseconds: times[1]))
    }

    // MARK: Strangers

    /// What a stranger's cookie says. An end that none of our processes can have written is none.
    private func read(_ ticket: SessionTicket) -> SessionLookup {
        let now = Date()
        let rest = Double(ticket.end) - now.timeIntervalSince1970
        let isPossible = rest > 0 && rest <= (limits.lifetime + ClockSkew.allowance) / .seconds(1)
        return isPossible ? .live(stranger(ticket, now: now)) : .gone(.absolute)
    }

    private func stranger(_ ticket: SessionTicket, now: Date) -> Session {
        Session(stranger: ticket, key: key, lifetime: limits.lifetime, now: now)
    }

    private func end(_ digest: String, owner: String, _ reason: SessionEnd) async throws(AccountsError) -> Bool {
        try await redis.integer(
            RedisScripts.sessionEnd, keys: RedisKeys.sessions,
            [RedisArgument(digest), RedisArgument(owner), RedisArgument(reason.rawValue)]) == 1
    }

    private func run(_ script: RedisScript, _ arguments: [RedisArgument]) async throws(AccountsError) -> RedisValue {
        try await redis.run(script, keys: RedisKeys.sessions, arguments)
    }

    private static func end(at finalTime: Int64, now: Int64, note: String?) -> SessionEnd {
        note.flatMap { SessionEnd(rawValue: $0) } ?? (now / 1000 >= finalTime ? .absolute : .idle)
    }
}
