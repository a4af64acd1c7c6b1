import CCurl
public import Platform

/// Sends requests to one server over HTTP/1.1, each on a kept connection.
///
/// Certificates are verified, redirects are not followed, and only `http` and `https` are spoken: whatever a server answers, what a
/// request carries goes to no other (rows 65 and 69). Cancelling the caller aborts.
public struct HTTPClient: Sendable {
    private let pool: LanePool
    private let origin: String
    /// Silence after which a transfer is given up.
    private let silence: Duration

    /// - Parameter maximumConnections: open at the same time; further requests wait in order.
    public init(engine: CurlEngine, address: PublicAddress, maximumConnections: Int, silence: Duration = .seconds(60)) {
        origin = address.origin
        pool = engine.makePool(name: "http", maximumLanes: maximumConnections)
        self.silence = silence
    }

    /// Returns the server's answer, whatever it is.
    ///
    /// - Parameter sink: takes the body of a successful answer; without one it is in the reply.
    public func send(_ request: HTTPRequest, sink: HTTPSink? = nil) async throws(HTTPFailure) -> HTTPReply {
        guard ([request.target] + request.fields.flatMap { [$0.name, $0.value] }).allSatisfy(CommandText.isSafe) else {
            throw HTTPFailure(.unreadable, message: "a control character in a field")
        }
        let result: Result<HTTPReply, HTTPFailure>
        do {
            result = try await pool.run { [self] lane in
                var transmission = transmit(request, sink, over: lane)
                if transmission.isStale { transmission = transmit(request, sink, over: lane) }
                return transmission.result
            }
        } catch {
            throw HTTPFailure(.cancelled, message: "cancelled while waiting for a connection")
        }
        return try result.get()
    }

    private struct Transmission {
        let outcome: CurlOutcome
        let builder: HTTPReplyBuilder
        let sent: Int64
        let isUnreadable: Bool

        /// The kept connection had been closed by the server, and nothing has come of the request.
        var isStale: Bool {
            guard !outcome.isSuccess, !outcome.madeConnection, builder.status == 0, !isUnreadable else { return false }
            return [CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING].contains(outcome.code)
        }

        var result: Result<HTTPReply, HTTPFailure> {
            if outcome.isSuccess { return .success(builder.reply) }
            if isUnreadable { return .failure(HTTPFailure(.unreadable, message: "what is to be sent cannot be read")) }
            if builder.sinkRefused { return .failure(HTTPFailure(.unwritable, message: "what was received cannot be written")) }
            let kind = HTTPFailure.kind(curl: outcome.code.rawValue, hasBegun: sent > 0 || builder.status > 0)
            // A server that refuses early may close the connection while the body is still on its way: the refusal is what counts.
            if builder.hasHead, builder.status >= 400, kind != .cancelled { return .success(builder.reply) }
            return .failure(HTTPFailure(kind, message: outcome.text))
        }
    }

    private func transmit(_ request: HTTPRequest, _ sink: HTTPSink?, over lane: CurlSession) -> Transmission {
        let exchange = CurlExchange()
        let builder = HTTPReplyBuilder(sink: sink)
        var isUnreadable = false
        exchange.onLine = builder.takeLine
        exchange.sink = builder.takeBody
        if let body = request.body {
            exchange.source = { [unowned exchange] space in
                let left = max(0, body.length - exchange.sent)
                guard left > 0 else { return 0 }
                let count = body.read(UnsafeMutableRawBufferPointer(rebasing: space.prefix(Int(clamping: left))), exchange.sent)
                // A body that ends before its length would leave the server waiting.
                isUnreadable = count == nil || count == 0
                return isUnreadable ? nil : count
            }
        }
        let kind: CurlTransferKind = request.method == .head ? .requestForHead : request.body == nil ? .request : .requestWithBody
        let outcome = lane.perform(kind, exchange) { options in
            apply(to: options)
            if kind == .requestForHead { options.set(CURLOPT_NOBODY, true) }
            if kind == .requestWithBody {
                options.set(CURLOPT_UPLOAD, true)
                options.set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
            }
        } configure: { options in
            options.set(CURLOPT_URL, origin + request.target)
            options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            if let body = request.body { options.set(CURLOPT_INFILESIZE_LARGE, offset: body.length) }
            options.set(CURLOPT_HTTPHEADER, lines(of: request))
        }
        return Transmission(outcome: outcome, builder: builder, sent: exchange.sent, isUnreadable: isUnreadable)
    }

    private func lines(of request: HTTPRequest) -> [String] {
        var lines = ["User-Agent: sluice"] + request.fields.map { "\($0.name): \($0.value)" }
        if request.method == .post, request.body == nil { lines.append("Content-Length: 0") }
        return lines
    }

    /// The options that all requests share.
    private func apply(to options: CurlOptions) {
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        // Through a tunnel only: without TLS a proxy would see what a request carries.
        if origin.hasPrefix("https:") { options.setProxyOfEnvironment() }
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        options.set(CURLOPT_FOLLOWLOCATION, false)
        options.set(CURLOPT_HTTP_VERSION, ccurl_http_1_1)
        options.set(CURLOPT_SSLVERSION, ccurl_tls_1_2_or_newer)
        options.set(CURLOPT_SSL_VERIFYPEER, true)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds: .seconds(10))
        options.set(CURLOPT_LOW_SPEED_LIMIT, 1)
        options.set(CURLOPT_LOW_SPEED_TIME, seconds: silence)
        options.set(CURLOPT_EXPECT_100_TIMEOUT_MS, milliseconds: .seconds(1))
        options.setRewinding()
    }
}
