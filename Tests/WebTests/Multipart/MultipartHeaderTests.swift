import Testing
import Web

/// What stands between a boundary and a part's content.
struct MultipartHeaderTests {
    private func records(_ fields: String, limits: MultipartLimits = MultipartLimits()) throws -> [Record] {
        try MultipartVerifier.verified("--b\r\n\(fields)\r\n\r\nx\r\n--b--\r\n", limits: limits)
    }

    private func records(disposition: String) throws -> [Record] {
        try records("Content-Disposition: form-data; \(disposition)")
    }

    private func part(_ name: String, _ filename: String?, _ type: String? = nil) throws -> [Record] {
        try [
            .began(MultipartHeaders(name: name, filename: filename, contentType: type.map { try MediaType($0) })), .body([0x78]), .ended,
            .finished,
        ]
    }

    @Test(
        arguments: [
            ("name=a", "a", nil), ("name=\"a b\"", "a b", nil), ("NAME=\"a\"; FileName=\"f\"", "a", "f"), ("filename=f;name=a", "a", "f"),
            ("name=\"\"; filename=\"\"", "", ""), ("name=a; filename=\"a;b=\\\"c\\\".txt\"", "a", "a;b=\"c\".txt"),
            ("name=a; filename=\"a\\\\b\"", "a", "a\\b"), ("name=a; filename=\"C:\\temp\\f.txt\"", "a", "C:\\temp\\f.txt"),
            ("name=a; filename=\"a%22b%0D.txt\"", "a", "a\"b%0D.txt"), ("name=a; filename=\"%2522%\"", "a", "%2522%"),
            ("name=a; filename=\"../../etc/passwd\"", "a", "../../etc/passwd"),
            ("name=\"\u{E4}\"; filename=\"\u{1F600}.txt\"", "\u{E4}", "\u{1F600}.txt"),
            ("name=a; other=b; filename=f", "a", "f"), ("name=a ; filename=f ; ", "a", "f"),
        ] as [(String, String, String?)])
    func names(_ disposition: String, _ name: String, _ filename: String?) throws {
        #expect(try records(disposition: disposition) == part(name, filename))
    }

    @Test func fieldsInAnyOrderAndCase() throws {
        let fields = "X-Other: y\r\ncontent-TYPE:\tImage/PNG \r\nCONTENT-disposition:form-data;name=a;filename=f\r\nContent-Length: -1"
        #expect(try records(fields) == part("a", "f", "image/png"))
    }

    @Test("H17 filename* is not looked at")
    func extendedFilename() throws {
        #expect(try records(disposition: "name=a; filename=\"good.txt\"; filename*=UTF-8''evil.exe") == part("a", "good.txt"))
        #expect(try records(disposition: "filename*=UTF-8''evil.exe; name=a") == part("a", nil))
        #expect(try records(disposition: "name=a; name*=UTF-8''z; filename=\"good.txt\"") == part("a", "good.txt"))
    }

    @Test(
        "H17 H35 a parameter given twice",
        arguments: [
            "name=a; filename=\"f\"; filename=\"g\"", "name=a; name=b", "name=a; filename=f; FILENAME=f", "name=a; x=1; x=2",
        ])
    func doubleParameters(_ disposition: String) throws {
        #expect(try records(disposition: disposition) == [.refused(.malformedHeader)])
    }

    @Test("H18 name of brackets is flat text, and has 200 bytes at most")
    func brackets() throws {
        let name = String(String(repeating: "[a]", count: 67).prefix(200))
        #expect(try records(disposition: "name=\"\(name)\"") == part(name, nil))
        #expect(try records(disposition: "name=\"\(name)]\"") == [.refused(.nameTooLong)])
        let deep = "--b\r\nContent-Disposition: form-data; name=\"a" + String(repeating: "[b]", count: 100_000)
        #expect(try MultipartVerifier.records(Array(deep.utf8), boundary: "b", chunking: .every(7)) == [.refused(.headersTooLarge)])
    }

    @Test(
        "H16 folded field",
        arguments: [
            ("Content-Disposition: form-data; name=a\r\n b", .foldedHeader), ("Content-Disposition: form-data; name=a\r\n ", .foldedHeader),
            (" Content-Disposition: form-data; name=a", .foldedHeader), ("\tX: y", .foldedHeader), ("X: y\r\n\tz", .foldedHeader),
            // What the first line lacks is noticed before the second is seen.
            ("Content-Disposition: form-data;\r\n name=a", .missingName),
            ("Content-Disposition: form-data; name=\"a\r\n\tb\"", .malformedHeader),
        ] as [(String, MultipartError.Code)])
    func folded(_ fields: String, _ code: MultipartError.Code) throws {
        #expect(try records(fields) == [.refused(code)])
        #expect(MultipartError(code).status == 400)
    }

    @Test(
        "H16 line ends and controls that hide a field",
        arguments: [
            "Content-Disposition: form-data; name=a\nX: y", "Content-Disposition: form-data; name=a\rX: y",
            "Content-Disposition: form-data; name=\"a\0\"", "Content-Disposition: form-data; name=\"a\u{1B}[2J\"",
            "Content-Disposition: form-data; name=\"a\u{7F}\"", "X\u{0}: y", "\rX: y",
        ])
    func controls(_ fields: String) throws {
        #expect(try records(fields) == [.refused(.malformedHeader)])
    }

    @Test(arguments: [
        "Content-Disposition", "Content-Disposition : form-data; name=a", ": x", "a b: c", "\u{E9}: x",
        "Content-Disposition: form-data name=a",
        "Content-Disposition: form-data; name=a b", "Content-Disposition: form-data; name=\"a",
        "Content-Disposition: form-data; name=\"a\"b",
        "Content-Disposition: form-data; name", "Content-Disposition: form-data; =a", "Content-Disposition: form-data; name=\"a\\",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "Content-Type: text/plain\r\nContent-Type: text/html", "Content-Type: text", "Content-Type: /", "Content-Type:",
        "Content-Type: text/plain; charset", "Content-Type: text/plain, text/html",
        "Content-Disposition: form-data" + String(repeating: "; a=b", count: 1),
    ])
    func malformed(_ fields: String) throws {
        let expected: MultipartError.Code = fields.hasSuffix("; a=b") ? .missingName : .malformedHeader
        #expect(try records(fields) == [.refused(expected)])
    }

    @Test(arguments: [
        "Content-Type: text/plain", "Content-Disposition: form-data", "Content-Disposition: form-data; filename=f",
        "Content-Disposition: attachment; name=a", "Content-Disposition:", "Content-Disposition: form-datax; name=a",
    ])
    func withoutName(_ fields: String) throws {
        #expect(try records(fields) == [.refused(.missingName)])
    }

    @Test(
        "H33 names that are not UTF-8",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func invalidText(_ bytes: [UInt8]) throws {
        for key in ["name", "name=a; filename"] {
            let head = Array("--b\r\nContent-Disposition: form-data; \(key)=\"".utf8)
            #expect(
                try MultipartVerifier.verified(head + bytes + Array("\"\r\n\r\nx\r\n--b--".utf8), boundary: "b") == [.refused(.invalidText)]
            )
        }
    }

    @Test("H21 nested multipart", arguments: ["multipart/mixed; boundary=c", "Multipart/form-data; boundary=b", "multipart/x"])
    func nested(_ type: String) throws {
        #expect(try records("Content-Disposition: form-data; name=a\r\nContent-Type: \(type)") == [.refused(.nestedMultipart)])
    }

    @Test("H21 transfer encoding", arguments: ["base64", "quoted-printable", "x-uuencode", "", "7bit, base64"])
    func encoded(_ encoding: String) throws {
        let fields = "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: \(encoding)"
        #expect(try records(fields) == [.refused(.encodedPart)])
        #expect(MultipartError(.encodedPart).status == 400)
    }

    @Test("H21 transfer encodings that encode nothing", arguments: ["7bit", "8BIT", "Binary"])
    func identity(_ encoding: String) throws {
        #expect(try records("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: \(encoding)") == part("a", nil))
    }

    @Test("H6 more than 16 fields, more than 8 KiB, endless ones")
    func largeHeaders() throws {
        let disposition = "Content-Disposition: form-data; name=a"
        #expect(try records(disposition + String(repeating: "\r\nX: y", count: 15)) == part("a", nil))
        #expect(try records(disposition + String(repeating: "\r\nX: y", count: 16)) == [.refused(.tooManyHeaders)])
        // The name, two line ends and "X: " come on top of the filling.
        let filling = 8192 - disposition.utf8.count - 2 - 3 - 2 - 2
        #expect(try records(disposition + "\r\nX: " + String(repeating: "y", count: filling)) == part("a", nil))
        #expect(try records(disposition + "\r\nX: " + String(repeating: "y", count: filling + 1)) == [.refused(.headersTooLarge)])
        #expect(try records(String(repeating: "y", count: 100_000)) == [.refused(.headersTooLarge)])
        #expect(MultipartError(.headersTooLarge).status == 431)
        #expect(MultipartError(.tooManyHeaders).status == 431)
    }

    @Test("H15 file name of 4 KiB, and full of escapes")
    func longParameters() throws {
        let name = String(repeating: "n", count: 4096)
        #expect(try records(disposition: "name=a; filename=\"\(name)\"") == part("a", name))
        #expect(try records(disposition: "name=a; filename=\"\(name)n\"") == [.refused(.headersTooLarge)])
        let escapes = String(repeating: "\\\"", count: 3000)
        #expect(try records(disposition: "name=a; filename=\"\(escapes)\"") == part("a", String(repeating: "\"", count: 3000)))
        #expect(try records(disposition: "name=a; filename=\"\(escapes)") == [.refused(.malformedHeader)])
        #expect(try records(disposition: "name=a" + String(repeating: ";x=y", count: 1800)) == [.refused(.malformedHeader)])
    }
}
