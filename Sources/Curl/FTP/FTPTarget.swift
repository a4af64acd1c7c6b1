import CCurl
import Platform

/// A checked configuration, and the options that all transfers to it share.
struct FTPTarget: Sendable {
    let directory: FTPPath
    private let configuration: FTPConfiguration
    private let origin: String

    init(_ configuration: FTPConfiguration) throws(FTPError) {
        guard CommandText.isSafe(configuration.user), CommandText.isSafe(configuration.password.reveal()) else {
            throw FTPError(.fatal, message: "a control character in the user name or password")
        }
        guard let origin = CommandText.origin(scheme: "ftp", host: configuration.host, port: configuration.port) else {
            throw FTPError(.fatal, message: "a host name or port that cannot be used")
        }
        self.configuration = configuration
        self.origin = origin
        directory = try FTPPath(directory: configuration.directory)
    }

    var port: Int { configuration.port }

    func url(_ path: String) -> String { origin + path }

    func apply(to options: CurlOptions) {
        let configuration = configuration
        options.set(CURLOPT_PROTOCOLS_STR, "ftp")
        options.set(CURLOPT_USERNAME, configuration.user)
        options.set(CURLOPT_PASSWORD, configuration.password.reveal())
        options.set(CURLOPT_FTP_FILEMETHOD, ccurl_no_cwd)
        options.set(CURLOPT_FTP_SKIP_PASV_IP, true)
        options.set(CURLOPT_FTPSSLAUTH, ccurl_auth_tls)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds: configuration.connectTimeout)
        options.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds: configuration.responseTimeout)
        options.set(CURLOPT_LOW_SPEED_LIMIT, configuration.lowSpeedLimit)
        options.set(CURLOPT_LOW_SPEED_TIME, seconds: configuration.lowSpeedTime)
        options.set(CURLOPT_MAXAGE_CONN, seconds: configuration.maximumIdle)
        options.setTLS(
            required: configuration.requiresTLS, allowsVersion13: configuration.allowsTLS13,
            certificateAuthority: configuration.certificateAuthority)
    }
}
