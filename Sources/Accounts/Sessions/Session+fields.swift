import Cryptography
import FoundationEssentials
import Platform
import Redis

extension Session.State {
    /// How Redis knows it.
    var letter: String {
        switch self {
        case .anonymous: "a"
        case .awaitingCode: "c"
        case .signedIn: "u"
        }
    }

    var user: SignedInUser? {
        switch self {
        case .anonymous: nil
        case .awaitingCode(let user), .signedIn(let user): user
        }
    }

    init?(letter: String?, user: SignedInUser?) {
        switch (letter, user) {
        case ("a", _): self = .anonymous
        case ("c", let user?): self = .awaitingCode(user)
        case ("u", let user?): self = .signedIn(user)
        default: return nil
        }
    }
}

extension Session {
    /// Reads the reply of `session_touch.lua`.
    init?(ticket: SessionTicket, now: Int64, fields: [RedisValue]) {
        guard fields.count == 11, let ttl = fields[1].int, let end = fields[2].int, let made = fields[3].int, let seen = fields[4].int,
            let csrf = fields[8].string, let device = fields[9].string, let network = fields[10].string,
            let state = State(letter: fields[5].string, user: SignedInUser(id: fields[6].int, name: fields[7].string))
        else { return nil }
        self.init(
            ticket: ticket, state: state, csrf: Secret(csrf), device: device, network: network, openedAt: Date(milliseconds: made),
            lastUsedAt: Date(milliseconds: seen), idleEnd: Date(milliseconds: now + ttl), absoluteEnd: Date(milliseconds: end))
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
