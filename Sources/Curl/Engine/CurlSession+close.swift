import CCurl
import Glibc

/// Closing sockets, with a last look at the control connection.
///
/// A server that gives up in the middle of an upload, because its disk is full for instance, closes the data connection and then says
/// why. libcurl (7.88, `ftp_done`) meets the closed connection first, calls it a send error and closes the control connection unread.
/// Over TLS the reason cannot be read here.
extension CurlSession {
    /// How long the reason may take to come after the data connection has been closed, in milliseconds.
    private static let patience: Int32 = 1000

    static let onClose: curl_closesocket_callback = { context, socket in
        if let context {
            let session = Unmanaged<CurlSession>.fromOpaque(context).takeUnretainedValue()
            if let exchange = session.exchange, exchange.awaitsVerdict, remotePort(of: socket) == exchange.controlPort {
                readVerdict(from: socket, into: exchange)
            }
        }
        return Glibc.close(socket)
    }

    private static func readVerdict(from socket: Int32, into exchange: CurlExchange) {
        var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&state, 1, patience) == 1 else { return }
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let count = recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { exchange.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        }
    }

    /// - Returns: nil when the socket is not connected any more.
    private static func remotePort(of socket: Int32) -> Int? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress,
                getpeername(socket, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return nil }
            // Both families have the port in network order behind the family.
            return Int(bytes[2]) << 8 | Int(bytes[3])
        }
    }
}
