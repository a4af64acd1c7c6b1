import Testing
import Web

@Suite("Names of browsers")
struct DeviceNameTests {
    @Test(
        "a browser in a few words",
        arguments: [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145 on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome 141 on Windows"
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0",
                "Edge 141 on Windows"
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/1 Safari/604.1",
                "Safari 26 on iPhone"
            ),
            ("curl/8.5.0", "curl 8"), ("", "An unknown browser"), ("Firefox/", "An unknown browser"),
            ("\u{1B}[31mLinux", "A browser on Linux"),
            (String(repeating: "x", count: 1_000_000), "An unknown browser"), ("Firefox/99999999999999", "Firefox 999999"),
        ])
    func device(agent: String, name: String) {
        #expect(DeviceName.make(agent) == name)
    }

    @Test("no browser at all")
    func noDevice() {
        #expect(DeviceName.make(nil) == "An unknown browser")
    }
}
