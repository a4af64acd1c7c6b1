import Curl
import Platform
import Testing

@Suite struct ConfigurationTests {
    @Test(
        "FTP addresses",
        arguments: [
            ("ftp://u:p@h", 21, false, ""), ("ftpes://u:p@h:2121/srv/in", 2121, true, "/srv/in"), ("ftp://u:p@h/~/in", 21, false, "in"),
            ("ftp://u:p@h/", 21, false, "/"), ("ftp://u:p@h/~", 21, false, ""),
        ])
    func ftp(_ text: String, _ port: Int, _ requiresTLS: Bool, _ directory: String) throws {
        let configuration = try FTPConfiguration(url: ServiceURL(text))
        #expect(configuration.host == "h")
        #expect(configuration.port == port)
        #expect(configuration.requiresTLS == requiresTLS)
        #expect(configuration.directory == directory)
    }

    @Test("FTP addresses that are refused", arguments: ["ftp://h", "ftp://u@h", "smtp://u:p@h", "redis://u:p@h"])
    func ftpRefused(_ text: String) throws {
        let url = try ServiceURL(text)
        #expect(throws: FTPError.self) { try FTPConfiguration(url: url) }
    }

    @Test(
        "H65 an address of another protocol is none of a server",
        arguments: [
            "http://u:p@169.254.169.254/", "https://u:p@127.0.0.1/", "file:///etc/passwd", "file://u:p@h/etc/passwd",
            "gopher://u:p@127.0.0.1/",
            "dict://u:p@127.0.0.1/", "scp://u:p@h/",
        ])
    func otherProtocol(_ text: String) {
        #expect(throws: (any Error).self) { try FTPConfiguration(url: ServiceURL(text)) }
        #expect(throws: (any Error).self) { try SMTPConfiguration(url: ServiceURL(text)) }
    }

    @Test("H68 mail goes over TLS unless switched off in so many words")
    func smtp() throws {
        #expect(try SMTPConfiguration(url: ServiceURL("smtp://h")).requiresTLS)
        #expect(try SMTPConfiguration(url: ServiceURL("smtp://h?starttls=required")).requiresTLS)
        #expect(try SMTPConfiguration(url: ServiceURL("smtp://h:1025?starttls=off")).requiresTLS == false)
        let other = try ServiceURL("smtp://h?starttls=maybe")
        #expect(throws: SMTPError.self) { try SMTPConfiguration(url: other) }
    }
}
