/// Checks of what is handed to libcurl as text and is not a path: it may be sent as part of a command line.
package enum CommandText {
    /// Whether no CR, LF, NUL or other control character is in it.
    package static func isSafe(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// `scheme://host:port`, with brackets for an IPv6 address; nil when the host could be read as more than a host.
    package static func origin(scheme: String, host: String, port: Int) -> String? {
        guard (1...253).contains(host.utf8.count), (1...65535).contains(port) else { return nil }
        let isAddress = host.utf8.contains(UInt8(ascii: ":"))
        let allowed: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default:
                isAddress && byte == UInt8(ascii: ":")
            }
        }
        guard host.utf8.allSatisfy(allowed) else { return nil }
        return "\(scheme)://\(isAddress ? "[\(host)]" : host):\(port)"
    }
}
