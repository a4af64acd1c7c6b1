import CCurl
import Glibc
import Platform

/// The libcurl handles of one lane. Created, used and closed on the lane's thread.
final class CurlSession {
    let multi: UnsafeMutableRawPointer
    private let easy: UnsafeMutableRawPointer
    private let options: CurlOptions
    /// The kind of transfer that the options are set for.
    private var kind: CurlTransferKind?
    private let lane: CurlLane
    /// What the callbacks of the running transfer work on.
    private(set) var exchange: CurlExchange?
    private var ticket: LaneTicket?
    /// The socket of the kept connection after a transfer that ended by itself. Only a transfer can close it, so
    /// between transfers the number cannot have come to mean another file.
    private var keptSocket = CURL_SOCKET_BAD

    init(lane: CurlLane) {
        guard let multi = curl_multi_init(), let easy = curl_easy_init() else {
            preconditionFailure("out of memory for a libcurl handle")
        }
        self.multi = multi
        self.easy = easy
        options = CurlOptions(easy)
        self.lane = lane
        // One connection per lane; a second one appears for an instant when the first has just died.
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 1)
    }

    func begin(_ ticket: LaneTicket) {
        self.ticket = ticket
    }

    /// Whether the caller has gone away or the engine is closing.
    var isCancelled: Bool { ticket?.isCancelled == true || lane.isClosed }

    /// Sleeps until woken.
    func wait(atMost limit: Duration) {
        _ = curl_multi_poll(multi, nil, 0, Int32(clamping: max(0, limit.milliseconds)), nil)
    }

    /// Runs one transfer to its end.
    ///
    /// A lane has one target, so transfers of one kind differ in little: the rest is set when the kind changes, after a reset, which
    /// keeps the connection, the TLS sessions and resolved names.
    ///
    /// - Parameters:
    ///   - exchange: what the callbacks work on during the transfer.
    ///   - prepare: sets the options that all transfers of this kind share.
    ///   - configure: sets every option in which transfers of this kind differ.
    func perform(
        _ kind: CurlTransferKind, _ exchange: CurlExchange, prepare: (CurlOptions) -> Void, configure: (CurlOptions) -> Void
    ) -> CurlOutcome {
        if self.kind == kind {
            options.freeLists()
        } else {
            options.reset()
            options.setDefaults()
            options.setCloser(self)
            prepare(options)
            self.kind = kind
        }
        options.setContext(exchange)
        configure(options)
        exchange.isCancelled = { [unowned self] in isCancelled }
        self.exchange = exchange
        let result = transfer(exchange)
        self.exchange = nil
        exchange.isCancelled = { true }
        return CurlOutcome(code: result, madeConnection: info(CURLINFO_NUM_CONNECTS) > 0)
    }

    private func transfer(_ exchange: CurlExchange) -> CURLcode {
        if isCancelled { return CURLE_ABORTED_BY_CALLBACK }
        keptSocket = CURL_SOCKET_BAD
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return CURLE_FAILED_INIT }
        defer { curl_multi_remove_handle(multi, easy) }
        while true {
            var running: Int32 = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
            if running == 0 { return finished() }
            if isCancelled { return CURLE_ABORTED_BY_CALLBACK }
            if exchange.takeDataAddressFlag() { continue }
            guard curl_multi_poll(multi, nil, 0, 200, nil) == CURLM_OK else { return CURLE_FAILED_INIT }
        }
    }

    private func finished() -> CURLcode {
        // libcurl knows the socket only as long as the handle belongs to the multi handle.
        if ccurl_info_socket(easy, &keptSocket) != CURLE_OK { keptSocket = CURL_SOCKET_BAD }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            let result = ccurl_message_result(message)
            if result >= 0 { return CURLcode(UInt32(result)) }
        }
        return CURLE_FAILED_INIT
    }

    private func info(_ key: CURLINFO) -> Int {
        var value = 0
        return ccurl_info_long(easy, key, &value) == CURLE_OK ? value : 0
    }

    /// Breaks the kept connection, so that the next transfer makes a new one. Needed when the server's answers may be
    /// out of step with our commands.
    func dropConnection() {
        guard keptSocket != CURL_SOCKET_BAD else { return }
        shutdown(keptSocket, Int32(SHUT_RDWR))
        keptSocket = CURL_SOCKET_BAD
    }

    /// Frees the handles. The connection is broken first: libcurl's polite QUIT waits for an answer, up to two minutes.
    func close() {
        dropConnection()
        curl_multi_cleanup(multi)
        curl_easy_cleanup(easy)
    }
}

/// Transfers of one kind have most of their options in common.
enum CurlTransferKind {
    /// FTP commands without data.
    case command
    case listing
    case smallUpload
    case largeUpload
    case mail
    /// HTTP without a body, with one, and HEAD.
    case request
    case requestWithBody
    case requestForHead
}

/// How a transfer ended.
struct CurlOutcome {
    let code: CURLcode
    /// False when a kept connection was used.
    let madeConnection: Bool

    var isSuccess: Bool { code == CURLE_OK }

    /// libcurl's name for the failure; contains nothing about the transfer.
    var text: String { String(cString: curl_easy_strerror(code)) }
}
