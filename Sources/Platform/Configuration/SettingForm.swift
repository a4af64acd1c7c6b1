import Glibc
import Logging

/// A kind of value: its description and its parser.
struct SettingForm<Value: Sendable>: Sendable {
    let words: String
    let isSecret: Bool
    let parse: @Sendable (String) throws(SettingRefusal) -> Value

    private init(_ words: String, isSecret: Bool = false, parse: @escaping @Sendable (String) throws(SettingRefusal) -> Value) {
        self.words = words
        self.isSecret = isSecret
        self.parse = parse
    }

    private init(_ words: String, read: @escaping @Sendable (String) -> Value?) {
        self.init(words) { (text) throws(SettingRefusal) in
            guard let value = read(text) else { throw SettingRefusal(reason: "is \(SettingText.shown(text)), not \(words)") }
            return value
        }
    }
}

extension SettingForm<ServiceURL> {
    /// An address; secret, because it may hold a password.
    static func url(_ schemes: String...) -> Self {
        let words = "an address, " + schemes.map { $0 + "://…" }.joined(separator: " or ")
        return Self(words, isSecret: true) { (text) throws(SettingRefusal) in
            let url: ServiceURL
            do { url = try ServiceURL(text) } catch { throw SettingRefusal(reason: "is not \(words): \(error)") }
            guard schemes.contains(url.scheme) else { throw SettingRefusal(reason: "is not \(words): its scheme is \(url.scheme)") }
            return url
        }
    }
}

extension SettingForm<PublicAddress> {
    /// Not shown when it is wrong: it may hold a password that does not belong there.
    static var publicAddress: Self {
        let words = "an address such as https://files.example.org, without a path; http:// on this machine only"
        return Self(words) { (text) throws(SettingRefusal) in
            guard let address = PublicAddress(text) else { throw SettingRefusal(reason: "is not \(words)") }
            return address
        }
    }
}

extension SettingForm<Secret> {
    /// A key; as long as what it protects is hard to guess.
    static var key: Self {
        let least = 32
        return Self("a key of at least \(least) bytes", isSecret: true) { (text) throws(SettingRefusal) in
            guard text.utf8.count >= least else { throw SettingRefusal(reason: "has \(text.utf8.count) bytes, not at least \(least)") }
            return Secret(text)
        }
    }
}

extension SettingForm<Secret> {
    /// What is sent in a header field, so it is one word.
    static var token: Self {
        let words = "an API token such as slc_…"
        return Self(words, isSecret: true) { (text) throws(SettingRefusal) in
            guard text.utf8.count <= 1024, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw SettingRefusal(reason: "is not \(words)")
            }
            return Secret(text)
        }
    }
}

extension SettingForm<Int64> {
    /// Bytes, with an optional unit.
    static func size(atLeast minimum: Int64) -> Self {
        Self("a size such as 1048576, 10MiB or 2GB" + (minimum > 1 ? ", at least \(minimum)" : "")) { text in
            SettingText.bytes(text).flatMap { $0 >= minimum ? $0 : nil }
        }
    }
}

extension SettingForm<Int> {
    static func count(_ range: ClosedRange<Int>) -> Self {
        Self("a number from \(range.lowerBound) to \(range.upperBound)") { text in
            SettingText.number(text).flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension SettingForm<[TypeRule]> {
    static var typeRules: Self {
        Self("a list such as .exe, image/*, application/pdf, magic:EICAR") { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let rules = parts.compactMap { TypeRule(String($0.drop { $0 == " " })) }
            return rules.count == parts.count ? rules : nil
        }
    }
}

extension SettingForm<Bool> {
    static var flag: Self { Self("0 or 1") { text in ["0": false, "1": true][text] } }
}

extension SettingForm<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        let bounds = [range.lowerBound, range.upperBound].map { "\($0.components.seconds)s" }
        return Self("a duration such as 5s, 10m or 24h, from \(bounds[0]) to \(bounds[1])") { text in
            SettingText.duration(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension SettingForm<ListenAddress> {
    static var address: Self { Self("a host and port such as 127.0.0.1:8080 or [::1]:8080") { ListenAddress($0) } }
}

extension SettingForm<Logger.Level> {
    static var level: Self {
        Self("one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")) { Logger.Level(rawValue: $0) }
    }
}

extension SettingForm<String> {
    static var directory: Self { Self("an absolute path of a directory") { SettingText.isAbsolutePath($0) ? $0 : nil } }

    static var readableFile: Self {
        Self("an absolute path of a readable file") { SettingText.isAbsolutePath($0) && access($0, R_OK) == 0 ? $0 : nil }
    }

    static var mailbox: Self { Self("a mail address such as sluice@example.org") { EmailAddress($0)?.text } }

    /// Names a queue, so it is plain.
    static var identifier: Self {
        Self("1 to 32 of a-z, 0-9 and -") { text in
            let isPlain = text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
            return isPlain && (1...32).contains(text.utf8.count) ? text : nil
        }
    }

    /// Part of a header that nginx obeys, so it is plain.
    static var locationPrefix: Self {
        Self("a path that begins and ends with / and holds only letters, digits, - and _") { text in
            let segments = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().dropLast()
            let isPlain = segments.allSatisfy { segment in
                !segment.isEmpty && segment.utf8.allSatisfy { $0 != UInt8(ascii: ".") } && HostName.isName(String(segment))
            }
            return text.hasPrefix("/") && text.hasSuffix("/") && !segments.isEmpty && isPlain ? text : nil
        }
    }
}
