import Cryptography
import Platform
public import Redis

/// The captchas that wait for an answer: one try each, five minutes, in the session they were made for.
public struct CaptchaStore: Sendable {
    /// How long a captcha waits for its answer.
    public static let lifetime = Duration.seconds(300)

    private let redis: ScriptRunner
    private let throttle: Throttle
    private let key: SignInKey

    public init(client: RedisClient, key: SignInKey) {
        redis = ScriptRunner(client: client)
        throttle = Throttle(client: client)
        self.key = key
    }

    /// What came of asking for a captcha.
    public enum Issue: Sendable {
        case made(CaptchaID)
        case throttled(retryAfter: Duration)
    }

    /// Makes one.
    public func make(for session: Session, network: NetworkAddress) async throws(AccountsError) -> Issue {
        let refusal = try await throttle.take([
            (.captchasOfSession, .session(session.ticket.digest)), (.captchasOfNetwork, .network(network)),
        ])
        if let refusal { return .throttled(retryAfter: refusal.retryAfter) }
        let id = CaptchaID()
        _ = try await redis.send(
            RedisCommand(
                "SET", RedisArgument(RedisKeys.captcha(id)), RedisArgument(session.ticket.digest.description), "PX",
                RedisArgument(Self.lifetime.milliseconds)))
        return .made(id)
    }

    /// What to draw or to say; nil when there is no such captcha in this session, or no more.
    public func fetch(_ id: CaptchaID, for session: Session) async throws(AccountsError) -> CaptchaChallenge? {
        let owner = try await redis.send(RedisCommand("GET", RedisArgument(RedisKeys.captcha(id)))).string
        return owner == session.ticket.digest.description ? CaptchaChallenge(id: id, key: key) : nil
    }

    /// Uses up the captcha and says whether the answer was right.
    public func answer(_ id: CaptchaID, with text: String, for session: Session) async throws(AccountsError) -> Bool {
        let isTaken = try await redis.integer(
            RedisScripts.captchaTake, keys: [RedisKeys.captcha(id)], [RedisArgument(session.ticket.digest.description)])
        return isTaken == 1 && CaptchaChallenge(id: id, key: key).isAnswered(by: text)
    }
}
