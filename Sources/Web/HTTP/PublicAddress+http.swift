import Platform

extension PublicAddress {
    private static let secureScheme = "https://"
    private static let plainScheme = "http://"

    /// Whether browsers come by TLS.
    var isSecure: Bool { origin.hasPrefix(Self.secureScheme) }

    /// What a browser that was sent here puts into the field Host.
    var authority: Substring { origin.dropFirst((isSecure ? Self.secureScheme : Self.plainScheme).utf8.count) }
}
