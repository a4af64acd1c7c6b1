import Curl
import Testing

@Suite struct FTPTableTests {
    @Test(
        "H70 replies sorted before the server has accepted an upload",
        arguments: [
            (421, FTPError.Disposition.unavailable), (425, .unavailable), (530, .unavailable), (534, .unavailable), (450, .retry),
            (451, .retry),
            (452, .retry), (550, .retry), (552, .retry), (553, .retry), (500, .fatal), (502, .fatal), (599, .fatal),
        ])
    func beforeData(_ code: Int, _ expected: FTPError.Disposition) {
        #expect(FTPFailure.disposition(reply: code, stage: .command) == expected)
    }

    @Test("H70 while bytes flow every failure costs an attempt", arguments: [421, 426, 451, 552])
    func duringData(_ code: Int) {
        #expect(FTPFailure.disposition(reply: code, stage: .data) == .retry)
    }

    @Test(
        "libcurl's codes",
        arguments: [
            (6 as UInt32, FTPError.Disposition.unavailable, FTPError.Disposition.unavailable), (7, .unavailable, .unavailable),
            (28, .unavailable, .retry), (35, .unavailable, .unavailable), (42, .cancelled, .cancelled), (55, .unavailable, .retry),
            (56, .unavailable, .retry), (60, .unavailable, .unavailable), (64, .unavailable, .unavailable),
            (67, .unavailable, .unavailable),
            (3, .fatal, .fatal), (26, .unavailable, .unavailable), (18, .retry, .retry),
        ])
    func curlCodes(_ code: UInt32, _ command: FTPError.Disposition, _ data: FTPError.Disposition) {
        #expect(FTPFailure.disposition(curl: code, stage: .command) == command)
        #expect(FTPFailure.disposition(curl: code, stage: .data) == data)
    }

    @Test(
        "H73 texts of reply 550",
        arguments: [
            ("Permission denied.", true), ("k: Operation not permitted", true), ("No such file or directory.", false),
            ("File not found", false),
            ("The system cannot find the file specified.", false), ("Delete operation failed.", nil), ("", nil),
        ] as [(String, Bool?)])
    func texts(_ text: String, _ expected: Bool?) {
        #expect(FTPFailure.saysDenied(text) == expected)
    }

    @Test("replies: the last line counts, and its text is made safe to log")
    func replies() throws {
        func reply(_ line: String) -> ServerReply? {
            Array(line.utf8).withUnsafeBytes { ServerReply(lastLine: $0) }
        }
        #expect(reply("213 4096\r\n") == ServerReply(code: 213, text: "4096"))
        #expect(reply("226-more\r\n") == nil)
        #expect(reply(" 226 indented\r\n") == nil)
        #expect(reply("2x6 no\r\n") == nil)
        #expect(reply("226") == nil)
        #expect(reply("550 \u{1B}[2Jä\r\n")?.text == "?[2J??")
        #expect(reply("550 " + String(repeating: "x", count: 5000))?.text.count == 160)
    }
}
