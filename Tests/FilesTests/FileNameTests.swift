import Files
import Testing

@Suite("File names")
struct FileNameTests {
    @Test(
        "names that machines make stay as they are; what comes near them is still looked at",
        arguments: [
            ("3f2a9c0e-upload_17.tar.gz", "3f2a9c0e-upload_17.tar.gz"), (".profile-backup", ".profile-backup"), ("........x", "........x"),
            ("archive-2026.", "archive-2026"), ("COM1.tar.gz", "_COM1.tar.gz"), ("conout$.txt", "_conout$.txt"),
            ("CONSOLE.txt", "CONSOLE.txt"),
            (String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
            (String(repeating: "a", count: 256), String(repeating: "a", count: 255)), ("verylongname/..", nil),
            ("verylongname..", "verylongname"),
        ] as [(String, String?)])
    func machineNames(given: String, clean: String?) {
        #expect((try? FileName(cleaning: given))?.value == clean)
    }

    @Test(
        "H27 traversal in a file name is cut",
        arguments: [
            ("../../etc/passwd", "passwd"), ("/etc/shadow", "shadow"), ("a/b/../c.txt", "c.txt"), ("..\\..\\boot.ini", "boot.ini"),
            ("./x", "x"), ("....//y", "y"), ("..x", "..x"),
        ])
    func traversal(text: String, expected: String) throws {
        #expect(try FileName(cleaning: text).value == expected)
    }

    @Test(
        "H27 H29 names of which nothing safe remains are refused",
        arguments: [
            "", ".", "..", "...", "/", "a/", "a/..", " ", "\u{200B}", "\r\n", "\u{202E}", "a\0b", "a%00.jpg", "a%2\u{200B}F", "..%2fetc",
            "..%2Fetc",
            "x%5cy",
        ])
    func refused(text: String) async {
        #expect(await code { _ = try FileName(cleaning: text) } == .badName)
    }

    @Test("H29 a percent sign that is no escape is kept", arguments: ["100%.txt", "50%25", "%", "%2", "a%zz"])
    func percent(text: String) throws {
        #expect(try FileName(cleaning: text).value == text)
    }

    @Test(
        "H28 what is special on Windows is neutral",
        arguments: [
            ("C:\\Users\\me\\x.doc", "x.doc"), ("C:x", "C_x"), ("a.txt:stream", "a.txt_stream"), ("CON", "_CON"),
            ("COM3\(String(repeating: " ", count: 300))x", "_COM3"),
            ("con.\(String(repeating: "x", count: 251))", "_con.\(String(repeating: "x", count: 250))"), ("con.txt", "_con.txt"),
            ("LPT1.a.b", "_LPT1.a.b"), ("com¹", "_com¹"), ("console.txt", "console.txt"), ("name.txt. . ", "name.txt"),
            ("nul .txt", "_nul .txt"),
        ])
    func windows(text: String, expected: String) throws {
        #expect(try FileName(cleaning: text).value == expected)
    }

    @Test(
        "H30 H38 control characters are removed",
        arguments: [("x\r\nDELE y", "xDELE y"), ("\u{1B}[31mred", "[31mred"), ("a\u{85}b\u{2028}c", "abc"), ("tab\there", "tabhere")])
    func controls(text: String, expected: String) throws {
        #expect(try FileName(cleaning: text).value == expected)
    }

    @Test(
        "H31 H35 H36 what outputs must encode is kept as it is",
        arguments: ["-rf", "*.txt", "a\";filename=\"b", "x'; DROP TABLE files;--", "<img onerror=…>", "=cmd()", "a ÿ b"])
    func kept(text: String) throws {
        #expect(try FileName(cleaning: text).value == text)
    }

    @Test("H31 blanks at the ends go", arguments: [("  a b  ", "a b"), ("\u{A0}x\u{3000}", "x")])
    func blanks(text: String, expected: String) throws {
        #expect(try FileName(cleaning: text).value == expected)
    }

    @Test("H32 a long name keeps 255 bytes, its extension and whole graphemes")
    func long() throws {
        let ascii = try FileName(cleaning: String(repeating: "a", count: 300) + ".pdf").value
        #expect(ascii.utf8.count == 255 && ascii.hasSuffix("a.pdf"))
        let family = "👨‍👩‍👧‍👦"
        let emoji = try FileName(cleaning: String(repeating: family, count: 40) + ".png").value
        #expect(emoji == String(repeating: family, count: 10) + ".png")
        let exact = String(repeating: "é", count: 127) + "x"
        #expect(try FileName(cleaning: exact).value == exact)
        #expect(try FileName(cleaning: exact + "y").value == exact)
    }

    @Test("H32 a hundred thousand code points are refused or cut, quickly")
    func huge() async throws {
        #expect(await code { _ = try FileName(cleaning: String(repeating: "é", count: 100_000)) } == .badName)
        #expect(try FileName(cleaning: String(repeating: "x", count: 60_000)).value.utf8.count == 255)
    }

    @Test("H33 a thousand combining marks never trap")
    func combining() async throws {
        #expect(await code { _ = try FileName(cleaning: "e" + String(repeating: "\u{301}", count: 1000)) } == .badName)
        let marked = try FileName(cleaning: "ab" + String(repeating: "\u{327}", count: 1000) + ".txt").value
        #expect(marked == "a.txt")
    }

    @Test(
        "H33 bytes that are not UTF-8 are refused",
        arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0x61, 0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func invalid(bytes: [UInt8]) async {
        #expect(await code { _ = try FileName(cleaning: bytes) } == .badName)
    }

    @Test("H33 valid bytes are a name")
    func bytes() throws {
        #expect(try FileName(cleaning: Array("grüße.txt".utf8)).value == "grüße.txt")
    }

    @Test(
        "H34 bidirectional controls and zero-width characters are removed, joiners stay",
        arguments: [
            ("inv\u{202E}fdp.exe", "invfdp.exe"), ("a\u{2066}b\u{2069}", "ab"), ("x\u{200B}y\u{FEFF}z", "xyz"), ("\u{61C}n\u{200F}", "n"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
        ])
    func bidi(text: String, expected: String) throws {
        #expect(Array(try FileName(cleaning: text).value.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test("H39 names that are equal after NFC are equal bytes; case makes a difference")
    func normalisation() throws {
        let composed = try FileName(cleaning: "\u{E9}.txt")
        let decomposed = try FileName(cleaning: "e\u{301}.txt")
        #expect(Array(composed.value.utf8) == Array(decomposed.value.utf8))
        #expect(composed == decomposed)
        #expect(try FileName(cleaning: "A.txt") != FileName(cleaning: "a.txt"))
    }

    @Test(
        "the extension of a key is short and safe, or absent",
        arguments: [
            ("a.PDF", "pdf"), ("a.tar.gz", "gz"), ("a", nil), (".bashrc", nil), ("a.p-f", nil), ("a.é", nil), ("a.abcdefghijk", nil),
            ("a.abcdefghij", "abcdefghij"), ("film.Part", nil), ("a.parts", "parts"),
        ] as [(String, String?)])
    func keyExtension(text: String, expected: String?) throws {
        #expect(try FileName(cleaning: text).keyExtension == expected)
    }

    @Test("descriptions say nothing of the name")
    func description() throws {
        #expect(try "\(FileName(cleaning: "secret plan.doc"))" == "file name of 15 bytes")
    }
}
