import Cryptography
public import FoundationEssentials
import Platform
public import Postgres
public import Redis

/// The captchas: one try each, five minutes, in the session they were made for. Only those that have had their try are in Redis.
public struct CaptchaStore: Sendable {
    /// How long a captcha waits for its answer.
    public static let lifetime = Duration.seconds(300)

    private let redis: ScriptRunner
    private let lanes: CaptchaLanes
    private let key: SignInKey

    public init(client: RedisClient, pool: PostgresPool, key: SignInKey) {
        redis = ScriptRunner(client: client)
        lanes = CaptchaLanes(throttle: Throttle(client: client), database: Database(pool: pool))
        self.key = key
    }

    /// Makes one, of which nothing is kept.
    ///
    /// - Parameter now: when its five minutes begin.
    public func make(for session: Session, at now: Date = Date()) -> CaptchaID {
        CaptchaID(for: session.ticket.digest, until: now + Self.lifetime / .seconds(1), key: key)
    }

    /// What to draw or to say, also of a captcha that has had its try; nil for one of another session, an expired or an invented one.
    public func find(_ id: CaptchaID, for session: Session) -> CaptchaChallenge? {
        guard id.end > Date(), id.isGenuine(for: session.ticket.digest, key: key) else { return nil }
        return CaptchaChallenge(id: id, key: key)
    }

    /// Counts a drawing before it is made.
    package func admitDrawing(for visitor: Visitor) async throws(AccountsError) -> CaptchaAdmission {
        try await lanes.take(.drawing, for: visitor)
    }

    /// Uses up the captcha and says whether the answer was right. What is no captcha of this session costs no question.
    package func answer(
        _ id: CaptchaID, with text: String, for session: Session, _ visitor: Visitor
    ) async throws(AccountsError) -> CaptchaAnswer {
        guard let challenge = find(id, for: session) else { return .wrong }
        if case .throttled(let retryAfter) = try await lanes.take(.answer, for: visitor) { return .throttled(retryAfter: retryAfter) }
        guard try await markUsed(id) else { return .wrong }
        return challenge.isAnswered(by: text) ? .right : .wrong
    }

    /// Before anything is compared, so that of any number of answers at the same time one is looked at.
    ///
    /// - Returns: false when it was used before.
    private func markUsed(_ id: CaptchaID) async throws(AccountsError) -> Bool {
        // Longer than it is valid, or a process whose clock is behind would take it once more.
        let life = .seconds(id.end.timeIntervalSinceNow) + ClockSkew.allowance
        let reply = try await redis.send(
            RedisCommand("SET", RedisArgument(RedisKeys.captcha(id)), "", "NX", "PX", RedisArgument(max(1, life.milliseconds))))
        return !reply.isNull
    }
}

/// What an answer to a captcha came to.
package enum CaptchaAnswer: Sendable, Hashable {
    case right
    /// Or too late, the second one, or to no captcha of this session.
    case wrong
    /// The captcha was not used up.
    case throttled(retryAfter: Duration)
}
