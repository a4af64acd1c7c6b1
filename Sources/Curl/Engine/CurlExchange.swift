import CCurl
import Glibc

/// What libcurl's callbacks work on during one transfer. Lives on the lane's thread.
final class CurlExchange {
    /// Bytes to send; writes at most the buffer's size, returns the number, 0 at the end, nil to abort.
    var source: ((UnsafeMutableRawBufferPointer) -> Int?)?
    /// Bytes received; false aborts.
    var sink: ((UnsafeRawBufferPointer) -> Bool)?
    /// The last line of each reply on the control connection; false aborts with `CURLE_WRITE_ERROR`.
    var onReply: ((ServerReply) -> Bool)?
    /// Each line of a response's head over HTTP, line break included; false aborts.
    var onLine: ((UnsafeRawBufferPointer) -> Bool)?
    var isCancelled: () -> Bool = { true }
    private(set) var lastReply: ServerReply?
    private var hasDataAddress = false
    /// Bytes taken from `source`, from the beginning or from where libcurl went back to.
    private(set) var sent: Int64 = 0

    /// The port of the server's control connection, when the reply to an upload matters although libcurl does not wait for it.
    var controlPort: Int?

    /// Whether the server has accepted an upload over FTP and not yet said what became of it.
    var awaitsVerdict: Bool { controlPort != nil && (lastReply?.code == 150 || lastReply?.code == 125) && !isCancelled() }

    /// Takes replies that libcurl has left unread; what is no reply is skipped.
    func take(_ bytes: UnsafeRawBufferPointer) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            if let reply = ServerReply(lastLine: UnsafeRawBufferPointer(rebasing: line)), reply.code != 221 { lastReply = reply }
        }
    }

    private static func exchange(_ context: UnsafeMutableRawPointer?) -> CurlExchange? {
        context.map { Unmanaged<CurlExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether the server has just said where to open the data connection; true once for each such reply.
    ///
    /// When that reply is there at once, libcurl 7.88 comes back from `curl_multi_perform` before it has opened the
    /// socket, names no socket to wait for and sets no timer: `curl_multi_poll` would sleep its whole time.
    /// `curl_multi_perform` has to be called again instead.
    func takeDataAddressFlag() -> Bool {
        defer { hasDataAddress = false }
        return hasDataAddress
    }

    static let onProgress: ccurl_progress_callback = { context, _, _, _, _ in
        exchange(context)?.isCancelled() == false ? 0 : 1
    }

    static let onHeader: ccurl_data_callback = { bytes, size, count, context in
        guard let bytes, let exchange = exchange(context) else { return 0 }
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        if let onLine = exchange.onLine { return onLine(line) ? size * count : 0 }
        guard let reply = ServerReply(lastLine: line) else { return size * count }
        // 221 answers the QUIT that libcurl sends after a failure; it must not hide the reply that caused it.
        if reply.code != 221 { exchange.lastReply = reply }
        if reply.code == 229 || reply.code == 227 { exchange.hasDataAddress = true }
        return exchange.onReply?(reply) == false ? 0 : size * count
    }

    static let onRead: ccurl_data_callback = { bytes, size, count, context in
        guard let bytes, let exchange = exchange(context), !exchange.isCancelled() else { return ccurl_read_abort }
        let space = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        guard let source = exchange.source, let filled = source(space) else { return ccurl_read_abort }
        exchange.sent += Int64(filled)
        return filled
    }

    /// libcurl goes back to the beginning of a body when a kept connection turns out to be dead. Without this it fails, and the
    /// handle with it for good (curl/curl#18206).
    static let onSeek: curl_seek_callback = { context, offset, origin in
        guard let exchange = exchange(context), origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
        exchange.sent = Int64(offset)
        return CURL_SEEKFUNC_OK
    }

    static let onWrite: ccurl_data_callback = { bytes, size, count, context in
        guard let exchange = exchange(context) else { return 0 }
        guard let bytes, let sink = exchange.sink else { return size * count }
        return sink(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }
}
