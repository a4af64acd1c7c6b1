import Cryptography
public import Platform

/// Somebody who has proved who they are with an API token.
public struct AuthenticatedUser: Sendable, Hashable {
    public let id: UserID
    public let name: String
    /// The token they used.
    public let token: Int64
    /// What that token may be used for.
    public let scopes: Set<TokenScope>
    /// What the store knows that token by.
    let digest: SHA256Digest
}

extension AuthenticatedUser: CustomStringConvertible {
    /// Safe to log: without the name.
    public var description: String { "user \(id) by token \(token)" }
}
