import CCurl
public import Logging
import Platform

/// Hands messages to a mail server, one recipient each.
///
/// Connections are kept for a minute and used by up to `maximumConnections` messages at the same time; further ones wait
/// in order. Cancelling the caller aborts.
public struct SMTPClient: Sendable {
    private let pool: LanePool
    private let configuration: SMTPConfiguration
    private let url: String
    private let logger: Logger

    /// - Throws: when a name or number in `configuration` cannot be used.
    public init(engine: CurlEngine, configuration: SMTPConfiguration, logger: Logger) throws(SMTPError) {
        guard CommandText.isSafe(configuration.user ?? ""), CommandText.isSafe(configuration.password?.reveal() ?? "") else {
            throw SMTPError(.fatal, message: "a control character in the user name or password")
        }
        guard let origin = CommandText.origin(scheme: "smtp", host: configuration.host, port: configuration.port),
            CommandText.origin(scheme: "smtp", host: configuration.clientName, port: 25) != nil
        else {
            throw SMTPError(.fatal, message: "a host name or port that cannot be used")
        }
        self.configuration = configuration
        url = origin + "/" + configuration.clientName
        pool = engine.makePool(name: "smtp", maximumLanes: configuration.maximumConnections)
        self.logger = logger
    }

    /// Returns when the server has taken responsibility for the message.
    ///
    /// If the connection breaks after the message has been sent but before the server's answer, the outcome is unknown and
    /// the error is `.unavailable`: a later attempt may deliver it twice, with the same Message-ID.
    public func send(_ message: MailMessage) async throws(SMTPError) {
        let content = message.encoded()
        let (sender, recipient) = (message.from.address, message.to.address)
        let error: SMTPError?
        do {
            error = try await pool.run { [self] lane in
                var result = transmit(content, from: sender, to: recipient, over: lane)
                if result.isStale { result = transmit(content, from: sender, to: recipient, over: lane) }
                return result.outcome.isSuccess ? nil : SMTPFailure.error(result.outcome, reply: result.reply)
            }
        } catch {
            throw SMTPError(.cancelled, message: error == .closed ? "the engine has ended" : "cancelled while waiting for a connection")
        }
        if let error {
            logger.debug("mail not sent", metadata: .init([.error: "\(error)"]))
            throw error
        }
    }

    private struct Transmission {
        let outcome: CurlOutcome
        let reply: ServerReply?
        let sent: Int64

        /// The kept connection had been closed by the server and no byte of the message was read.
        var isStale: Bool {
            !outcome.isSuccess && !outcome.madeConnection && sent == 0
                && (reply == nil || reply?.code == 421) && outcome.code != CURLE_ABORTED_BY_CALLBACK
        }
    }

    private func transmit(_ content: [UInt8], from sender: String, to recipient: String, over lane: CurlSession) -> Transmission {
        let exchange = CurlExchange()
        exchange.source = { [unowned exchange] space in
            let rest = content.dropFirst(Int(exchange.sent)).prefix(space.count)
            space.copyBytes(from: rest)
            return rest.count
        }
        let outcome = lane.perform(.mail, exchange, prepare: apply) { options in
            options.set(CURLOPT_MAIL_FROM, "<\(sender)>")
            options.set(CURLOPT_MAIL_RCPT, ["<\(recipient)>"])
            options.set(CURLOPT_INFILESIZE_LARGE, offset: Int64(content.count))
        }
        return Transmission(outcome: outcome, reply: exchange.lastReply, sent: exchange.sent)
    }

    /// The options that all messages share.
    private func apply(to options: CurlOptions) {
        options.set(CURLOPT_URL, url)
        options.set(CURLOPT_PROTOCOLS_STR, "smtp")
        options.set(CURLOPT_UPLOAD, true)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds: configuration.connectTimeout)
        options.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds: configuration.responseTimeout)
        options.set(CURLOPT_LOW_SPEED_LIMIT, 16)
        options.set(CURLOPT_LOW_SPEED_TIME, seconds: configuration.responseTimeout)
        options.set(CURLOPT_MAXAGE_CONN, seconds: configuration.maximumIdle)
        options.setTLS(
            required: configuration.requiresTLS, allowsVersion13: true, certificateAuthority: configuration.certificateAuthority)
        if let user = configuration.user {
            options.set(CURLOPT_USERNAME, user)
            options.set(CURLOPT_PASSWORD, configuration.password?.reveal() ?? "")
        }
    }
}
