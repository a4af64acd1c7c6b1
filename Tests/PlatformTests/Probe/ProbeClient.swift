import Glibc
import Platform

/// A client that sends bytes and reads until the server closes.
struct ProbeClient: Sendable {
    let port: Int
    let pool: BlockingPool

    struct Reply: Sendable {
        let text: String
        var status: Int? { text.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        var head: String { text.range(ofEmptyLine: "\r\n\r\n").map { String(text[..<$0.lowerBound]) } ?? text }
        var body: String { text.range(ofEmptyLine: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }
    }

    func get(_ path: String, method: String = "GET") async throws -> Reply {
        try await send("\(method) \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
    }

    func send(_ text: String) async throws -> Reply {
        try await pool.run { [port] in
            let socket = try connected(port)
            defer { close(socket) }
            let bytes = Array(text.utf8)
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                sent += count
            }
            return Reply(text: String(decoding: readToEnd(socket), as: UTF8.self))
        }
    }
}

struct SocketError: Error {
    let errno: Int32
}

/// A blocking socket whose reads end after 20 s.
func connected(_ port: Int) throws -> Int32 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else {
        let code = errno
        close(socket)
        throw SocketError(errno: code)
    }
    return socket
}

func readToEnd(_ socket: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(socket, &buffer, buffer.count)
        guard count > 0 else { return all }
        all += buffer.prefix(count)
    }
}

extension String {
    /// Compared as bytes, since CR LF is one character to Swift.
    fileprivate func range(ofEmptyLine line: String) -> Range<Index>? { firstRange(of: line) }
}
