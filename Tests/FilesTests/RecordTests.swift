import Files
import Platform
import Testing

@Suite("Keys, media types, patterns, cursors")
struct RecordTests {
    @Test(
        "the month of a moment",
        arguments: [
            (0, 1970, 1), (951_782_399_999, 2000, 2), (951_868_799_999, 2000, 2), (951_868_800_000, 2000, 3), (1_735_689_599_999, 2024, 12),
            (1_735_689_600_000, 2025, 1), (4_107_542_400_000, 2100, 3), (4_107_542_399_999, 2100, 2),
        ] as [(Int64, Int64, Int64)])
    func month(milliseconds: Int64, year: Int64, month: Int64) {
        let result = FileKey.yearAndMonth(milliseconds: milliseconds)
        #expect(result.year == year && result.month == month)
    }

    @Test("H27 H31 a key holds safe characters only, whatever the name", arguments: ["../x.PHP", "ÿ.é", "a b;c.t x", "-.tar"])
    func key(name: String) throws {
        let id = UUIDv7(milliseconds: 1_735_689_600_000)
        let key = FileKey.make(owner: UserID(rawValue: 7), id: id, name: try FileName(cleaning: name))
        #expect(key.hasPrefix("7/2025/01/\(id)"))
        #expect(key.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789./-".utf8.contains($0) })
    }

    @Test(
        "a claimed media type is a type or nothing",
        arguments: [
            ("Text/HTML; charset=utf-8", "text/html"), ("application/vnd.ms-excel", "application/vnd.ms-excel"), ("", nil), ("text", nil),
            ("text/", nil), ("text/html\r\nX-Evil: 1", nil), ("a/b/c", nil), ("té/x", nil),
            (String(repeating: "a", count: 130) + "/b", nil),
        ] as [(String, String?)])
    func contentType(text: String, expected: String?) {
        #expect(ContentType.clean(text) == expected ?? "application/octet-stream")
    }

    @Test("H63 wildcards in a search are literal")
    func pattern() {
        #expect(SearchPattern.make(containing: #"50%_a\"#) == #"%50\%\_a\\%"#)
        #expect(SearchPattern.make(containing: "a\0b") == nil)
        #expect(SearchPattern.make(containing: String(repeating: "x", count: 1 << 20)) == nil)
    }

    @Test(
        "H64 a cursor that was not made here is refused",
        arguments: [
            "", "AAAA", "not base64!", "MQo", "MQotY3JlYXRlZAo", String(repeating: "A", count: 100_000),
            // "1\nsize\n<id>\nx", "1\nsize\n<id>\n-1", "2\ncreated\n<id>\n", "1\ncreated\n<id>\nx", "1\nname\n<id>\na\0"
            "MQpzaXplCjAxOTQyMDc0LTdjMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAp4",
            "MQpzaXplCjAxOTQyMDc0LTdjMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAotMQ",
            "MgpjcmVhdGVkCjAxOTQyMDc0LTdjMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAo",
            "MQpjcmVhdGVkCjAxOTQyMDc0LTdjMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAp4",
            "MQpuYW1lCjAxOTQyMDc0LTdjMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAphAA",
        ])
    func forged(text: String) async {
        #expect(await code { _ = try FileCursor(text) } == .badCursor)
    }

    @Test("a well-formed cursor is read, so the refusals above are for their content")
    func wellFormed() throws {
        let text = "MQpzaXplCjAxOTQyMDc0LTdjMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMAo3"
        #expect(try FileCursor(text).description == text)
    }

    @Test("sort orders are read and written", arguments: ["created", "-created", "name", "-name", "size", "-size"])
    func sorts(text: String) throws {
        #expect(FileSort(text)?.description == text)
        #expect(FileSort("owner") == nil && FileSort("--name") == nil)
    }
}
