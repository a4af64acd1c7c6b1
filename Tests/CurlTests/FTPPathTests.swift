import Curl
import Testing

@Suite struct FTPPathTests {
    @Test(
        "H30 H31 no path with control characters, blanks or other commands reaches the control connection",
        arguments: [
            "x\r\nDELE y", "x\ny", "x\ry", "x\0y", "a b", "a%0d%0ab", "a\"b", "ä", "a\u{7F}", "a;b", "a?b", "a#b", "a*b", "a\\b",
            "a\u{2028}b", "",
        ])
    func refusesUnsafeBytes(_ key: String) throws {
        let base = try FTPPath(directory: "/srv")
        let error = #expect(throws: FTPError.self) { try base.appending(key) }
        #expect(error?.disposition == .fatal)
        if !key.isEmpty { #expect(error?.description.contains(key) == false, "the message must not repeat the input") }
    }

    @Test(
        "H27 H31 no path leaves its directory or looks like an option",
        arguments: ["..", "../x", "a/../b", "a/..", ".", "./a", "/a", "a//b", "a/", "-a", "a/-la"])
    func refusesTraversal(_ key: String) throws {
        let base = try FTPPath(directory: "/srv")
        #expect(throws: FTPError.self) { try base.appending(key) }
    }

    @Test("a path longer than any server takes is refused")
    func refusesLong() throws {
        let base = try FTPPath(directory: "")
        #expect(throws: FTPError.self) { try base.appending(String(repeating: "a", count: 1025)) }
        #expect(try base.appending(String(repeating: "a", count: 1024)).text.utf8.count == 1024)
    }

    @Test(
        "absolute and relative base directories",
        arguments: [
            ("", "k/f", "k/f"), ("/", "k/f", "/k/f"), ("/srv/ftp", "k", "/srv/ftp/k"), ("/srv/ftp/", "k", "/srv/ftp/k"),
            ("srv", "k", "srv/k"),
            ("//srv", "k", "/srv/k"),
        ])
    func joins(_ base: String, _ key: String, _ expected: String) throws {
        #expect(try FTPPath(directory: base).appending(key).text == expected)
    }

    @Test("a base directory is checked like a key", arguments: ["/srv/../etc", "/srv\r\nDELE x", "/s v"])
    func refusesBase(_ directory: String) {
        #expect(throws: FTPError.self) { try FTPPath(directory: directory) }
    }

    @Test("the directories to make lie below the base, outermost first", arguments: ["", "/", "/srv/ftp", "in/here"])
    func directories(_ directory: String) throws {
        let base = try FTPPath(directory: directory)
        let expected = try ["u", "u/2026", "u/2026/11"].map { try base.appending($0) }
        #expect(try base.appending("u/2026/11/file.txt").directories(below: base) == expected)
        #expect(try base.appending("file.txt").directories(below: base).isEmpty)
    }
}
