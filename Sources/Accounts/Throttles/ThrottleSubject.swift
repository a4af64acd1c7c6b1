package import Cryptography
package import Platform

/// Whose attempts are counted together. Never empty, and never what a stranger typed.
package enum ThrottleSubject: Sendable, Hashable, CustomStringConvertible {
    case user(UserID)
    case userInNetwork(UserID, NetworkAddress)
    case userOnDevice(UserID, OpaqueToken)
    /// What was typed in place of a user's name and is none, as `SignInKey.lane(of:)` names it.
    case stranger(SHA256Digest, NetworkAddress)
    case network(NetworkAddress)
    /// `NetworkAddress.site`
    case site(String)
    /// A browser in which somebody has signed in, never one that only says so.
    case device(OpaqueToken)
    /// What was typed into a form, named likewise.
    case text(SHA256Digest)
    case session(SHA256Digest)
    case everybody
    /// Who does not exist: for them the same is counted as for a user, so that the work tells nothing.
    case nobody

    package var description: String {
        switch self {
        case .user(let id): "user:\(id)"
        case .userInNetwork(let id, let network): "user:\(id):\(network.prefix)"
        case .userOnDevice(let id, let device): "user:\(id):\(device.digest)"
        case .stranger(let login, let network): "name:\(login):\(network.prefix)"
        case .network(let network): "net:\(network.prefix)"
        case .site(let site): "site:\(site)"
        case .device(let token): "device:\(token.digest)"
        case .text(let text): "text:\(text)"
        case .session(let digest): "session:\(digest)"
        case .everybody: "all"
        case .nobody: "none"
        }
    }
}
