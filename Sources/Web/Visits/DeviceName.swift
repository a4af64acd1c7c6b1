/// A browser in a few words, by which its user recognises it: "Firefox 145 on Linux".
///
/// Out of what the browser says of itself, so it may be wrong, and nothing depends on it.
package enum DeviceName {
    /// - Parameter agent: the field User-Agent.
    package static func make(_ agent: String?) -> String {
        guard let agent = agent.map({ Array($0.utf8.prefix(512)) }), !agent.isEmpty else { return "An unknown browser" }
        let system = systems.first { end(of: $0.mark, in: agent) != nil }?.name
        // Browsers say the names of others before their own, so the ones that are imitated come last.
        let browser = browsers.lazy.compactMap { mark, name in version(after: mark, in: agent).map { "\(name) \($0)" } }.first
        switch (browser, system) {
        case (let browser?, let system?): return "\(browser) on \(system)"
        case (let browser?, nil): return browser
        case (nil, let system?): return "A browser on \(system)"
        case (nil, nil): return "An unknown browser"
        }
    }

    private static let browsers: [(mark: StaticString, name: String)] = [
        ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
        ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Version/", "Safari"), ("curl/", "curl"),
    ]

    private static let systems: [(mark: StaticString, name: String)] = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]

    /// The number behind a mark, where that comes first.
    private static func version(after mark: StaticString, in agent: [UInt8]) -> String? {
        guard let end = end(of: mark, in: agent) else { return nil }
        let digits = agent[end...].prefix { $0.isDigit }
        return digits.isEmpty ? nil : String(decoding: digits.prefix(6), as: UTF8.self)
    }

    /// Where a mark ends the first time. By bytes, because every request of a browser is looked at.
    private static func end(of mark: StaticString, in agent: [UInt8]) -> Int? {
        mark.withUTF8Buffer { mark in
            guard agent.count >= mark.count else { return nil }
            return (0...agent.count - mark.count).first { agent[$0] == mark[0] && agent[$0...].starts(with: mark) }.map { $0 + mark.count }
        }
    }
}
