import Glibc
import Platform
import Synchronization

/// Stands between a client and a server on loopback and can lose one answer: the request arrives, its answer does not, and
/// the connection ends.
final class CuttingProxy: Sendable {
    struct Failure: Error {
        let number = errno
    }

    let port: Int
    private let listener: Int32
    private let target: Int
    private let isArmed = Atomic(false)

    init(to target: Int) throws {
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
                guard client >= 0 else { return }
                connect(client)
            }
        }
    }

    /// The next bytes from the server are thrown away and the client's connection is ended.
    func swallowNextAnswer() {
        isArmed.store(true, ordering: .sequentiallyConsistent)
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
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
        NamedThread.start(name: "proxy-up") { Self.pump(client, server) { true } }
        NamedThread.start(name: "proxy-down") { [self] in
            Self.pump(server, client) { !isArmed.exchange(false, ordering: .sequentiallyConsistent) }
            close(client)
            close(server)
        }
    }

    /// Copies until either side ends or `mayPass` says no; then ends both.
    private static func pump(_ from: Int32, _ to: Int32, mayPass: () -> Bool) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(from, &bytes, bytes.count)
            guard count > 0, mayPass(), send(to, bytes, count, Int32(MSG_NOSIGNAL)) == count else { break }
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
