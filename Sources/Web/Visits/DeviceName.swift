/// A browser in a few words, by which its user recognises it: "Firefox 145 on Linux".
///
/// Out of what the browser says of itself, so it may be wrong, and nothing depends on it.
package enum DeviceName {
    /// - Parameter agent: the field User-Agent.
    package static func make(_ agent: String?) -> String {
        guard let agent = agent.map({ $0.prefix(512) }), !agent.isEmpty else { return "An unknown browser" }
        let system = systems.first { agent.contains($0.mark) }?.name
        // Browsers say the names of others before their own, so the ones that are imitated come last.
        let browser = browsers.lazy.compactMap { mark, name in version(after: mark, in: agent).map { "\(name) \($0)" } }.first
        switch (browser, system) {
        case (let browser?, let system?): return "\(browser) on \(system)"
        case (let browser?, nil): return browser
        case (nil, let system?): return "A browser on \(system)"
        case (nil, nil): return "An unknown browser"
        }
    }

    private static let browsers = [
        ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
        ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Version/", "Safari"), ("curl/", "curl"),
    ]

    private static let systems: [(mark: String, name: String)] = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]

    /// The first number behind a mark.
    private static func version(after mark: String, in agent: Substring) -> Substring? {
        guard let found = agent.firstRange(of: mark) else { return nil }
        let digits = agent[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? nil : digits.prefix(6)
    }
}
