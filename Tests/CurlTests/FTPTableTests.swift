import Curl
import Testing

@Suite struct FTPTableTests {
    @Test(
        "H70 replies sorted before the server has accepted an upload",
        arguments: [
            (421, FTPError.Disposition.unavailable), (425, .unavailable), (530, .unavailable), (534, .unavailable), (450, .retry),
            (451, .unavailable), (452, .unavailable), (552, .unavailable), (550, .unavailable), (553, .unavailable), (551, .retry),
            (500, .fatal), (502, .fatal), (599, .fatal),
        ])
    func beforeData(_ code: Int, _ expected: FTPError.Disposition) {
        #expect(FTPFailure.disposition(reply: code, stage: .storing) == expected)
    }

    @Test("H70 H73 a command without data may be refused for one file alone", arguments: [550, 553])
    func command(_ code: Int) {
        #expect(FTPFailure.disposition(reply: code, stage: .command) == .retry)
    }

    @Test("H70 what breaks off while bytes flow costs an attempt", arguments: [421, 426, 450, 550, 553])
    func duringData(_ code: Int) {
        #expect(FTPFailure.disposition(reply: code, stage: .data) == .retry)
    }

    @Test("H70 a full disk is the server's trouble however far the upload had come", arguments: [451, 452, 552])
    func fullDuringData(_ code: Int) {
        #expect(FTPFailure.disposition(reply: code, stage: .data) == .unavailable)
        #expect(FTPFailure.disposition(reply: code, stage: .command) == .unavailable)
    }

    @Test(
        "H70 texts that say that there is no room",
        arguments: [
            ("No space left on device; transfer aborted.", true), ("There is not enough space on the disk.", true), ("Disk full", true),
            ("Disk quota exceeded", true), ("Insufficient storage", true), ("Insufficient privileges", false), ("Permission denied", false),
            ("", false),
        ])
    func room(_ text: String, _ expected: Bool) {
        #expect(FTPFailure.saysFull(text) == expected)
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
