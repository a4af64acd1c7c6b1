/// How many of something are allowed in which time.
package struct ThrottleRule: Sendable, Hashable {
    /// Part of the key in Redis.
    let name: String
    let limit: Int
    let window: Duration
    /// With a pause, each from the limit on is followed by one, twice as long as the last; the window is then the quiet time
    /// after which all is forgotten.
    var pause: ClosedRange<Duration>?

    // MARK: Guesses of passwords

    /// Of one user from one network that the user has not signed in from with this browser.
    package static let loginFromNetwork = growing("login")
    /// Of one user in a browser the user has signed in with: a lane of its own, which others cannot fill.
    static let loginOnDevice = growing("device")
    /// Of one user from all networks together, so that many networks are no way round. Known devices are exempt.
    static let loginOfUser = ThrottleRule(name: "user", limit: 50, window: .seconds(3600))
    /// Of all users from one network.
    static let loginsOfNetwork = ThrottleRule(name: "logins", limit: 100, window: .seconds(15 * 60))
    /// Of the old password by whoever sits before a signed-in browser.
    static let passwordChange = growing("change")

    // MARK: What costs us or others something

    package static let registrations = ThrottleRule(name: "register", limit: 10, window: .seconds(3600))
    /// From all networks of one IPv6 site.
    package static let registrationsOfSite = ThrottleRule(name: "site-register", limit: 30, window: .seconds(3600))
    /// By whomever: beyond it somebody is making accounts by machine.
    package static let registrationsInAll = ThrottleRule(name: "all-register", limit: 200, window: .seconds(3600))
    /// Mails to one user of registrations with the user's address. Told to nobody.
    static let noticesOfUser = ThrottleRule(name: "notices", limit: 3, window: .seconds(3600))
    /// Drawings, pictures and sounds alike; of known browsers those beyond their network's.
    static let captchasOfNetwork = ThrottleRule(name: "captchas", limit: 300, window: .seconds(600))
    static let captchasOfDevice = ThrottleRule(name: "known-captchas", limit: 60, window: .seconds(600))
    /// Answers to captchas that there are, each of which leaves a mark for minutes.
    static let answersOfNetwork = ThrottleRule(name: "answers", limit: 300, window: .seconds(600))
    static let answersOfDevice = ThrottleRule(name: "known-answers", limit: 60, window: .seconds(600))
    /// The time between two codes in one session.
    package static let codeOfSession = ThrottleRule(name: "code", limit: 1, window: .seconds(60))
    /// Codes typed where there is none to compare them with, as far as they are put on record.
    static let lateCodes = ThrottleRule(name: "late", limit: 5, window: .seconds(3600))
    static let codesOfUser = ThrottleRule(name: "codes", limit: 5, window: .seconds(3600))
    /// The same in browsers the user has signed in with: apart, or whoever has the password could use up the owner's.
    static let codesOfKnown = ThrottleRule(name: "known-codes", limit: 5, window: .seconds(3600))
    /// Links asked for by one text, whoever that is: the one that may be told.
    static let resetsOfText = ThrottleRule(name: "reset", limit: 5, window: .seconds(3600))
    /// Links to one user by whatever text. Told to nobody, or two forms of a name would tell by their common count whose they are.
    static let resetsOfUser = ThrottleRule(name: "links", limit: 5, window: .seconds(3600))
    static let mailsOfNetwork = ThrottleRule(name: "mails", limit: 30, window: .seconds(3600))
    /// Codes for known browsers: a lane of their own, so that strangers in the network cannot fill it, and one network with many accounts
    /// cannot fill that of all.
    static let codesOfKnownInNetwork = ThrottleRule(name: "known-mails", limit: 60, window: .seconds(3600))
    // 1000 mails an hour in all, and 200 of registrations. Codes need a password and resets do not, so neither may use up the other's
    // share: a flood of resets must not keep people from signing in, nor may a list of stolen passwords keep out those whose browser is
    // known.
    static let codesInAll = ThrottleRule(name: "all-codes", limit: 400, window: .seconds(3600))
    static let codesOfKnownInAll = ThrottleRule(name: "all-known-codes", limit: 300, window: .seconds(3600))
    /// Links that are mailed, and no others: by names of nobody nobody's links are used up.
    static let resetsInAll = ThrottleRule(name: "all-resets", limit: 300, window: .seconds(3600))

    /// Ten in a quarter of an hour, then pauses from half a minute to a quarter of an hour.
    private static func growing(_ name: String) -> ThrottleRule {
        ThrottleRule(name: name, limit: 10, window: .seconds(15 * 60), pause: .seconds(30)...Duration.seconds(15 * 60))
    }
}
