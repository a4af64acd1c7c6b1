/// Where a request comes from, as far as it can be known.
public struct Visitor: Sendable {
    public let network: NetworkAddress
    /// A short text that lets users recognise their browser in the list of sessions. Taken from the request, so believe nothing.
    public let device: String
    /// The cookie of a browser in which somebody has signed in before.
    public let deviceToken: OpaqueToken?

    /// - Parameter device: cut to what fits; characters that cannot be shown on one line become blanks.
    public init(network: NetworkAddress, device: String = "", deviceToken: OpaqueToken? = nil) {
        self.network = network
        self.device = UserText.line(device, limit: 200)
        self.deviceToken = deviceToken
    }
}
