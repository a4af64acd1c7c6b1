import Cryptography
import FoundationEssentials
import Platform
import Redis

extension Session {
    /// Reads the reply of `session_touch.lua`.
    init?(ticket: SessionTicket, key: SignInKey, now: Int64, fields: [RedisValue]) {
        guard fields.count == 8, let ttl = fields[1].int, let end = fields[2].int, let made = fields[3].int, let seen = fields[4].int,
            let standing = fields[5].string.flatMap({ Standing(rawValue: $0) }),
            let user = SignedInUser(id: fields[6].int, name: fields[7].string)
        else { return nil }
        self.init(
            ticket: ticket, state: standing.state(of: user), csrf: key.csrfToken(of: ticket), openedAt: Date(milliseconds: made),
            lastUsedAt: Date(milliseconds: seen), idleEnd: Date(milliseconds: now + ttl), absoluteEnd: Date(milliseconds: end))
    }

    /// A stranger's, of which the ticket is all there is.
    init(stranger ticket: SessionTicket, key: SignInKey, lifetime: Duration, now: Date) {
        let end = Date(milliseconds: ticket.end * 1000)
        self.init(
            ticket: ticket, state: .anonymous, csrf: key.csrfToken(of: ticket), openedAt: end - lifetime / .seconds(1), lastUsedAt: now,
            idleEnd: end, absoluteEnd: end)
    }

    /// How far somebody has come, as Redis knows it. It knows nothing of strangers.
    enum Standing: String {
        case awaitingCode = "c"
        case signedIn = "u"

        func state(of user: SignedInUser) -> State {
            switch self {
            case .awaitingCode: .awaitingCode(user)
            case .signedIn: .signedIn(user)
            }
        }

        /// The same for the browser.
        var stage: SessionTicket.Stage {
            switch self {
            case .awaitingCode: .awaitingCode
            case .signedIn: .signedIn
            }
        }
    }
}

extension SignedInUser {
    fileprivate init?(id: Int64?, name: String?) {
        guard let id, let name else { return nil }
        self.init(id: UserID(rawValue: id), name: name)
    }
}

extension SessionSummary {
    /// Reads one row of the reply of `session_list.lua`.
    init?(fields: [RedisValue], current: SessionTicket?) {
        guard fields.count == 6, let id = fields[0].string, let made = fields[1].int, let seen = fields[2].int, let end = fields[3].int,
            let device = fields[4].string, let network = fields[5].string
        else { return nil }
        self.init(
            id: id, device: device, network: network, openedAt: Date(milliseconds: made), lastUsedAt: Date(milliseconds: seen),
            absoluteEnd: Date(milliseconds: end), isCurrent: id == current?.digest.description)
    }
}

extension Date {
    /// - Parameter milliseconds: since 1970, as the scripts count.
    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
