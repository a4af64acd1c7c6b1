import Glibc

/// A TCP port of the loopback interface.
public enum LoopbackPort {
    public struct NoneFree: Error {}

    /// One that was free a moment ago.
    public static func free() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        guard let port = bind(descriptor, isShared: false) else { throw NoneFree() }
        return port
    }

    /// Gives a socket any free port.
    ///
    /// - Parameter isShared: whether who sets SO_REUSEADDR as well may listen on it.
    /// - Returns: nil when there is none.
    static func bind(_ descriptor: Int32, isShared: Bool) -> Int? {
        var address = address(of: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        // Only now: the kernel may give several sockets that all share the same port.
        var one: Int32 = isShared ? 1 : 0
        let shared = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard descriptor >= 0, result == 0, shared == 0 else { return nil }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Whether somebody listens on it.
    static func isServed(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = address(of: port)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }

    private static func address(of port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
