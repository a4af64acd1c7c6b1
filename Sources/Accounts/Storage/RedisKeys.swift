/// The keys of this module in Redis: the only place where they are made.
///
/// All share one hash tag, hence one slot of a cluster, hence any script. Identifiers and cookies appear as SHA-256 only.
enum RedisKeys {
    static let tag = "{sess}"
    /// Prefix of the sessions; a digest follows.
    static let session = tag + "s:"
    /// Prefix of the indexes of users' sessions; a user's number follows.
    static let index = tag + "us:"
    /// Prefix of the notes that say why a session was ended; a digest follows.
    static let note = tag + "gone:"
    /// Prefix of the marks of captchas that have had their try; an id follows.
    static let captcha = tag + "cap:"
    /// Prefix of the throttles; rule and subject follow.
    static let throttle = tag + "th:"
    /// How far the sweep has come.
    static let sweep = tag + "sweep"

    static let sessions = [session, index, note]

    static func captcha(_ id: CaptchaID) -> String { captcha + id.description }
    static func throttle(_ rule: ThrottleRule, _ subject: ThrottleSubject) -> String { "\(throttle)\(rule.name):\(subject)" }
}
