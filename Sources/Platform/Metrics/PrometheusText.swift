/// The Prometheus text exposition format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var bytes: [UInt8] = []

    mutating func family(_ name: String, _ type: String, help: String?) {
        if let help {
            line("# HELP \(name) ", help.replacing(#"\"#, with: #"\\"#).replacing("\n", with: #"\n"#))
        }
        line("# TYPE \(name) ", type)
    }

    /// - Parameter labels: without braces, as `labels(_:)` makes them.
    mutating func sample(_ name: String, _ labels: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: labels.utf8)
            bytes.append(UInt8(ascii: "}"))
        }
        line(" ", value)
    }

    private mutating func line(_ first: String, _ second: String) {
        bytes.append(contentsOf: first.utf8)
        bytes.append(contentsOf: second.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { String($0) } ?? "\(value)"
    }

    /// A name of letters, digits, `_` and (in metrics) `:` that does not begin with a digit; other bytes turn to `_`.
    static func name(_ text: String, colon: Bool) -> String {
        let bytes = text.utf8.map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: byte
            case UInt8(ascii: ":") where colon: byte
            default: UInt8(ascii: "_")
            }
        }
        let name = String(decoding: bytes, as: UTF8.self)
        guard let first = bytes.first, !(0x30...0x39).contains(first) else { return "_" + name }
        return name
    }

    /// `name="value",…`, sorted by name. Values are cut at 128 bytes, so that an outside text cannot swell the page.
    static func labels(_ dimensions: [(String, String)]) -> String {
        if dimensions.isEmpty { return "" }
        var labels: [String: String] = [:]
        for (name, value) in dimensions { labels[labelName(name)] = escaped(value) }
        return labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
    }

    /// `le` belongs to histograms, and a leading `__` to Prometheus itself.
    private static func labelName(_ text: String) -> String {
        let name = name(text, colon: false)
        return name == "le" || name.hasPrefix("__") ? "label_" + name : name
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            guard result.utf8.count < 128 else { return result }
            switch scalar {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n": result += #"\n"#
            default: result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "_" : scalar)
            }
        }
        return result
    }
}
