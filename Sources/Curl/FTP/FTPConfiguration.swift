public import Platform

/// Where the FTP server is and how patient to be with it.
public struct FTPConfiguration: Sendable {
    /// A name, or an address without brackets.
    public var host: String
    public var port: Int
    public var user: String
    public var password: Secret
    /// Whether explicit TLS (RFC 4217) is required, on the control and on every data connection. There is no "if
    /// offered": a server that refuses is not used (row 68).
    public var requiresTLS: Bool
    /// Whether TLS 1.3 may be used. Off, because a server such as vsftpd demands that data connections resume the control
    /// connection's session, and with the tickets of 1.3 libcurl 7.88 and vsftpd 3.0 fail at that in a third of all
    /// transfers (reply 522); with 1.2 they never did.
    public var allowsTLS13 = false
    /// The directory that keys are relative to: absolute when it begins with `/`, else relative to the login directory;
    /// empty for the login directory itself. It must exist.
    public var directory: String
    /// Path of a PEM file with the authorities that may sign the server's certificate; nil: those of the system.
    public var certificateAuthority: String?
    /// Connections open at the same time; further transfers wait.
    public var maximumConnections = 16
    public var connectTimeout: Duration = .seconds(10)
    /// How long any reply on the control connection may take.
    public var responseTimeout: Duration = .seconds(30)
    /// A transfer slower than `lowSpeedLimit` bytes per second for `lowSpeedTime` is aborted.
    public var lowSpeedLimit = 1024
    public var lowSpeedTime: Duration = .seconds(30)
    /// A kept connection unused for longer is not used again; has to be below the server's own idle limit.
    public var maximumIdle: Duration = .seconds(60)

    public init(
        host: String, port: Int = 21, user: String, password: Secret, requiresTLS: Bool, directory: String = "",
        certificateAuthority: String? = nil
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.requiresTLS = requiresTLS
        self.directory = directory
        self.certificateAuthority = certificateAuthority
    }

    /// Reads `ftp://user:password@host:port/directory`, or `ftpes://` for explicit TLS. A path that begins with `/~/` is
    /// relative to the login directory, any other path is absolute; without a path it is the login directory.
    ///
    /// - Throws: `.fatal` for another scheme, or without user and password: there is no anonymous default.
    public init(url: ServiceURL, certificateAuthority: String? = nil) throws(FTPError) {
        guard url.scheme == "ftp" || url.scheme == "ftpes" else {
            throw FTPError(.fatal, message: "an FTP address begins with ftp:// or ftpes://")
        }
        guard let user = url.user, let password = url.password else {
            throw FTPError(.fatal, message: "an FTP address needs a user and a password")
        }
        let isRelative = url.path == "/~" || url.path.hasPrefix("/~/")
        self.init(
            host: url.host, port: url.port ?? 21, user: user, password: password, requiresTLS: url.scheme == "ftpes",
            directory: isRelative ? String(url.path.dropFirst(3)) : url.path, certificateAuthority: certificateAuthority)
    }
}
