public import Platform

/// Which mail server to hand messages to.
public struct SMTPConfiguration: Sendable {
    /// A name, or an address without brackets.
    public var host: String
    public var port: Int
    /// AUTH is used when there is a user.
    public var user: String?
    public var password: Secret?
    /// Whether STARTTLS (RFC 3207) with a verified certificate is required. There is no "if offered" (row 68).
    public var requiresTLS: Bool
    /// Path of a PEM file with the authorities that may sign the server's certificate; nil: those of the system.
    public var certificateAuthority: String?
    /// The name given in EHLO.
    public var clientName = "localhost"
    public var maximumConnections = 4
    public var connectTimeout: Duration = .seconds(10)
    /// How long any reply may take.
    public var responseTimeout: Duration = .seconds(30)
    /// A kept connection unused for longer is not used again.
    public var maximumIdle: Duration = .seconds(60)

    public init(
        host: String, port: Int = 25, user: String? = nil, password: Secret? = nil, requiresTLS: Bool, certificateAuthority: String? = nil
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.requiresTLS = requiresTLS
        self.certificateAuthority = certificateAuthority
    }

    /// Reads `smtp://user:password@host:port?starttls=required`; `starttls=off` has to be said explicitly.
    ///
    /// - Throws: `.fatal` for another scheme or another value of `starttls`.
    public init(url: ServiceURL, certificateAuthority: String? = nil) throws(SMTPError) {
        guard url.scheme == "smtp" else { throw SMTPError(.fatal, message: "a mail server's address begins with smtp://") }
        let startTLS = url.query["starttls"] ?? "required"
        guard startTLS == "required" || startTLS == "off" else {
            throw SMTPError(.fatal, message: "starttls is either required or off")
        }
        self.init(
            host: url.host, port: url.port ?? 25, user: url.user, password: url.password, requiresTLS: startTLS == "required",
            certificateAuthority: certificateAuthority)
    }
}
