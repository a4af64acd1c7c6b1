/// A server cannot listen where it was told to.
public struct ListenError: Error, CustomStringConvertible {
    /// The setting that says where.
    public let setting: String
    public let address: ListenAddress
    public let underlying: any Error

    public init(setting: String, address: ListenAddress, underlying: any Error) {
        self.setting = setting
        self.address = address
        self.underlying = underlying
    }

    public var description: String { "cannot listen on \(address), as \(setting) says: \(underlying)" }
}
