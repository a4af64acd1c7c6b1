/// Why a node of a cluster did not execute a command, and what to do instead.
package enum ClusterRefusal: Sendable, Equatable {
    /// The slot belongs to another node, from now on.
    case moved(slot: Int, RedisEndpoint)
    /// The slot is on its way to another node, and this key is there already: this once, ask there.
    case ask(RedisEndpoint)
    /// It will pass: the keys of the command are on their way, the cluster lacks a node, or this one has just changed its role.
    case wait

    /// - Parameters:
    ///   - sentence: the server's error.
    ///   - asked: who said it; a redirection without a host means the same host.
    /// - Returns: nil for any error that means something else.
    package init?(_ sentence: String, asked: RedisEndpoint) {
        let words = sentence.split(separator: " ")
        switch words.first {
        case "MOVED":
            guard let (slot, endpoint) = Self.redirection(words, asked: asked) else { return nil }
            self = .moved(slot: slot, endpoint)
        case "ASK":
            guard let (_, endpoint) = Self.redirection(words, asked: asked) else { return nil }
            self = .ask(endpoint)
        case "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY", "UNBLOCKED": self = .wait
        default: return nil
        }
    }

    /// `<word> <slot> <host>:<port>`; an IPv6 address stands there without brackets.
    private static func redirection(_ words: [Substring], asked: RedisEndpoint) -> (Int, RedisEndpoint)? {
        guard words.count == 3, let slot = Int(words[1]), (0..<HashSlot.count).contains(slot), let colon = words[2].lastIndex(of: ":"),
            let port = Int(words[2][words[2].index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        let host = words[2][..<colon]
        return (slot, RedisEndpoint(host: host.isEmpty || host == "?" ? asked.host : String(host), port: port))
    }
}
