import Foundation
import Logging
import Platform
import Synchronization
import Testing

struct LoggingTests {
    private final class Lines: Sendable {
        let all = Mutex<[[UInt8]]>([])

        func logger(_ level: Logger.Level = .trace) -> Logger {
            Logger(label: "test") { label in JSONLogHandler(label: label, level: level) { [self] line in all.withLock { $0.append(line) } }
            }
        }

        /// The one line, checked for being one, as a JSON object.
        func object() throws -> [String: Any] {
            let line = try #require(all.withLock { $0.count == 1 ? $0[0] : nil })
            #expect(line.last == 10 && line.filter { $0 == 10 }.count == 1)
            return try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        }
    }

    @Test("An event is one JSON object with time, level, label, message and metadata") func form() throws {
        let lines = Lines()
        var logger = lines.logger()
        logger[.queue] = "mail"
        logger.warning(
            "it \"happened\"",
            metadata: .init([.job: "a", .attempt: .stringConvertible(3), .error: .array(["x", .dictionary(["k": "v"])])]))
        let object = try lines.object()
        #expect(object["level"] as? String == "warning" && object["label"] as? String == "test")
        #expect(object["message"] as? String == "it \"happened\"")
        let time = try #require(object["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        let metadata = try #require(object["metadata"] as? [String: Any])
        #expect(metadata["queue"] as? String == "mail" && metadata["job"] as? String == "a" && metadata["attempt"] as? String == "3")
        #expect((metadata["error"] as? [Any])?.count == 2)
    }

    @Test(
        "H38 No text can break a line or reach the terminal",
        arguments: [
            "a\r\nb", "a\u{1B}[31mred\u{1B}]0;title\u{7}", "\u{0}\u{8}\u{7F}", "\u{9B}31m", "a\u{85}b\u{2028}c\u{2029}", "exe.\u{202E}fdp",
            "\u{2066}x\u{2069}",
            #"","level":"fatal","x":""#, #"\"#, "ends in \\", "naïve ☃ 👩‍👩‍👧", "\u{1F}\t",
        ]) func injection(text: String) throws
    {
        let lines = Lines()
        lines.logger().info("\(text)", metadata: ["\(text)": "\(text)", "list": [.string(text)]])
        let line = try #require(lines.all.withLock { $0.first })
        let printed = String(decoding: line.dropLast(), as: UTF8.self)
        let dangerous = printed.unicodeScalars.filter {
            $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) || (0x2028...0x202E).contains($0.value)
                || (0x2066...0x2069).contains($0.value)
        }
        #expect(dangerous.isEmpty)
        let object = try lines.object()
        #expect(object["message"] as? String == text, "nothing is lost by escaping")
        #expect(object["level"] as? String == "info")
        #expect((object["metadata"] as? [String: Any])?[text] as? String == text)
    }

    @Test("Without a limit nothing of a string is cut; markup cannot end a script element (H36)") func wholeStrings() {
        var json = JSONText()
        json.string(String(repeating: "é", count: 100_000) + "</script>")
        #expect(json.bytes.count == 200_000 + 9 + 5 + 2)
        #expect(String(decoding: json.bytes, as: UTF8.self).hasSuffix(#"\u003c/script>""#))
    }

    @Test("Events below the level cost nothing and leave nothing") func level() {
        let lines = Lines()
        let logger = lines.logger(.warning)
        logger.info("\(Issue.record("evaluated") as Any)")
        #expect(lines.all.withLock { $0.isEmpty })
        logger.error("x")
        #expect(lines.all.withLock { $0.count } == 1)
    }

    @Test("Long texts are cut", arguments: ["x", "é", "\n"]) func length(unit: String) throws {
        let lines = Lines()
        lines.logger().info("\(String(repeating: unit, count: 1_000_000))")
        #expect(lines.all.withLock { $0[0].count } < 9000)
        #expect((try lines.object()["message"] as? String)?.hasSuffix("…") == true)
    }

    @Test(
        "Times are printed in UTC",
        arguments: [
            (0 as Int64, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_001, "2024-02-29T23:59:59.001Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ]) func timestamps(milliseconds: Int64, text: String)
    {
        var bytes: [UInt8] = []
        Timestamp.append(milliseconds: milliseconds, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test("Times agree with Foundation over four centuries") func timestampsAgree() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        for day in stride(from: Int64(-20_000), to: 130_000, by: 13) {
            var bytes: [UInt8] = []
            Timestamp.append(milliseconds: day * 86_400_000 + 3_723_000, to: &bytes)
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(day * 86400 + 3723)))
            #expect(String(decoding: bytes, as: UTF8.self) == expected.replacingOccurrences(of: "Z", with: ".000Z"))
        }
    }
}
