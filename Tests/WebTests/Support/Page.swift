import Testing

/// What can be seen in the text of a page.
enum Page {
    /// What holds for every page: nothing is cached, framed, sniffed, or run that does not come from here, and Mustache left nothing.
    static func check(_ answer: Answer, sourceLocation: SourceLocation) {
        let policy = answer["content-security-policy"] ?? ""
        for rule in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
            #expect(policy.contains(rule), sourceLocation: sourceLocation)
        }
        #expect(!policy.contains("unsafe"), sourceLocation: sourceLocation)
        #expect(answer["content-type"] == "text/html; charset=utf-8", sourceLocation: sourceLocation)
        #expect(answer["cache-control"] == "no-store" && answer["x-content-type-options"] == "nosniff", sourceLocation: sourceLocation)
        #expect(answer["referrer-policy"] == "same-origin", sourceLocation: sourceLocation)
        #expect(answer["cross-origin-opener-policy"] == "same-origin", sourceLocation: sourceLocation)
        #expect(answer["strict-transport-security"] == Answer.transportPolicy, sourceLocation: sourceLocation)
        let text = answer.text
        #expect(text.hasPrefix("<!DOCTYPE html>") && text.contains("</html>"), sourceLocation: sourceLocation)
        for foreign in ["{{", "}}", " onclick", "javascript:", "style=\"", "<script>", "Optional("] {
            #expect(!text.contains(foreign), "\(foreign)", sourceLocation: sourceLocation)
        }
    }

    static func csrf(_ text: String) -> String? {
        between("<meta name=\"csrf-token\" content=\"", "\"", in: text)
    }

    /// The value of the first input of that name.
    static func value(of name: String, in text: String) -> String? {
        between("name=\"\(name)\" value=\"", "\"", in: text)
    }

    /// What stands between two texts, the first time.
    static func between(_ start: String, _ end: String, in text: String) -> String? {
        guard let first = text.firstRange(of: start), let last = text[first.upperBound...].firstRange(of: end) else { return nil }
        return String(text[first.upperBound..<last.lowerBound])
    }

    /// Every address that begins with one.
    static func addresses(_ start: String, in text: String) -> Set<String> {
        Set(text.split(separator: "\"").filter { $0.hasPrefix(start) }.map { String($0) })
    }
}
