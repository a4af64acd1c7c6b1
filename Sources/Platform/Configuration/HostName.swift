import Glibc

/// What may stand for a host in an address.
enum HostName {
    /// Letters, digits, `-`, `.` and `_`, at most 253 of them: DNS names and IPv4 addresses.
    static func isName(_ host: String) -> Bool {
        (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    /// Without brackets. A zone (`fe80::1%eth0`, RFC 6874) is allowed.
    static func isIPv6(_ host: String) -> Bool {
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 1 || isName(String(parts[1])) else { return false }
        var address = in6_addr()
        return inet_pton(AF_INET6, String(parts[0]), &address) == 1
    }
}
