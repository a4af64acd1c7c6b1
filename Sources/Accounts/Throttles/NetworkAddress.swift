import Glibc

/// The address of a client, and the network that counts as one client.
///
/// An IPv4 address stands for itself; of an IPv6 address the first 64 bits count, since that is what one customer gets.
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address in the usual form.
    public let description: String
    /// What throttles count by; never empty.
    let prefix: String
    /// Of an IPv6 address the first 48 bits, which one customer may have as well, and then 65,536 networks in them; nil for any other.
    let site: String?

    /// Of text that is no address all have one network in common: whatever the cause, it must not be a way round the throttles.
    public init(_ text: String) {
        if let bytes = Self.parse(text, AF_INET, count: 4) {
            self.init(v4: bytes[...])
        } else if let bytes = Self.parse(text, AF_INET6, count: 16) {
            // ::ffff:a.b.c.d is how a socket for both families names an IPv4 address.
            if bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
                self.init(v4: bytes.suffix(4))
            } else {
                let groups = stride(from: 0, to: 16, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
                self.init(
                    groups.joined(separator: ":"), prefix: groups.prefix(4).joined(separator: ":") + "::/64",
                    site: groups.prefix(3).joined(separator: ":") + "::/48")
            }
        } else {
            self.init("unknown", prefix: "unknown")
        }
    }

    private init(v4 bytes: ArraySlice<UInt8>) {
        let text = bytes.map { String($0) }.joined(separator: ".")
        self.init(text, prefix: text)
    }

    private init(_ description: String, prefix: String, site: String? = nil) {
        self.description = description
        self.prefix = prefix
        self.site = site
    }

    private static func parse(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
