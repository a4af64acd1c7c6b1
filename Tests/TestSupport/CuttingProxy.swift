import Glibc
import Platform
import Synchronization

/// Stands between a client and a server on loopback and can lose one answer: the request arrives, its answer does not, and
/// the connection ends. It can damage one request as well.
public final class CuttingProxy: Sendable {
    public struct Failure: Error {
        public let number = errno
    }

    public let port: Int
    private let listener: Int32
    private let target: Int
    /// Bytes of the answer to lose.
    private let wanted = Mutex<[UInt8]?>(nil)
    /// Bytes of the request to damage.
    private let marked = Mutex<[UInt8]?>(nil)
    private let isStopped = Mutex(false)

    /// Both ends of what is passed on, closed when neither direction uses them: a number that was closed before would soon be another
    /// connection's, and be read or ended in its place.
    private final class Pair: Sendable {
        let client: Int32
        let server: Int32

        init(_ client: Int32, _ server: Int32) {
            (self.client, self.server) = (client, server)
        }

        deinit {
            close(client)
            close(server)
        }
    }

    /// - Parameter target: the server's port.
    public init(to target: Int) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw Failure() }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        NamedThread.start(name: "proxy") { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client >= 0 {
                    connect(client)
                } else if isStopped.withLock({ $0 }) {
                    close(listener)
                    return
                } else {
                    usleep(10_000)
                }
            }
        }
    }

    /// The next bytes from the server are thrown away and the client's connection is ended.
    ///
    /// - Parameter text: the next ones in which it is read.
    public func swallowNextAnswer(containing text: String = "") {
        wanted.withLock { $0 = Array(text.utf8) }
    }

    /// The next bytes from a client in which these are read, in one piece, have another first one of them.
    public func damageNext(_ mark: [UInt8]) {
        marked.withLock { $0 = mark }
    }

    /// Whether something is still to be lost or damaged.
    public var isWaiting: Bool { wanted.withLock { $0 != nil } || marked.withLock { $0 != nil } }

    /// Takes no more connections. The thread that takes them closes the listener.
    public func stop() {
        isStopped.withLock { $0 = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func connect(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: UInt16(target))
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(client)
            close(server)
            return
        }
        let pair = Pair(client, server)
        NamedThread.start(name: "proxy-up") {
            withExtendedLifetime(pair) {
                Self.pump(pair.client, pair.server) { bytes in
                    self.damage(&bytes)
                    return true
                }
            }
        }
        NamedThread.start(name: "proxy-down") { [self] in
            withExtendedLifetime(pair) { Self.pump(pair.server, pair.client) { mayPass($0) } }
        }
    }

    private func damage(_ request: inout ArraySlice<UInt8>) {
        marked.withLock { marked in
            guard let mark = marked, let range = request.firstRange(of: mark) else { return }
            request[range.lowerBound] ^= 1
            marked = nil
        }
    }

    private func mayPass(_ answer: ArraySlice<UInt8>) -> Bool {
        wanted.withLock { wanted in
            guard let text = wanted, text.isEmpty || answer.firstRange(of: text) != nil else { return true }
            wanted = nil
            return false
        }
    }

    /// Copies until either side ends or `mayPass` says no; then ends both.
    private static func pump(_ from: Int32, _ to: Int32, mayPass: (inout ArraySlice<UInt8>) -> Bool) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(from, &bytes, bytes.count)
            guard count > 0 else { break }
            var piece = bytes[..<count]
            guard mayPass(&piece), Array(piece).withUnsafeBytes({ send(to, $0.baseAddress, count, Int32(MSG_NOSIGNAL)) }) == count else {
                break
            }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
