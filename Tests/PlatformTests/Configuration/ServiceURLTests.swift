import Platform
import Testing

struct ServiceURLTests {
    @Test(
        "which servers are on this machine: a name that only looks like an address is not",
        arguments: [
            ("127.0.0.1", true), ("127.1.2.3", true), ("localhost", true), ("[::1]", true), ("127.example.org", false),
            ("127.0.0.1.example.org", false), ("localhost.example.org", false), ("10.0.0.1", false), ("[::2]", false),
        ])
    func local(host: String, isLocal: Bool) throws {
        #expect(try ServiceURL("redis://\(host)").isLocal == isLocal)
    }

    @Test("All parts are read and decoded once") func parts() throws {
        let url = try ServiceURL("postgres://us%65r:p%40ss%2Fw%3Ard%2525@db.example:5433/my%20db?sslmode=require&a=b%26c")
        #expect(url.scheme == "postgres")
        #expect(url.user == "user")
        #expect(url.password?.reveal() == "p@ss/w:rd%25")
        #expect(url.host == "db.example")
        #expect(url.port == 5433)
        #expect(url.path == "/my db")
        #expect(url.query == ["sslmode": "require", "a": "b&c"])
    }

    @Test("Absent parts are absent") func absent() throws {
        let url = try ServiceURL("redis://localhost")
        #expect(url.user == nil && url.password == nil && url.port == nil && url.path.isEmpty && url.query.isEmpty)
        #expect(try ServiceURL("redis://:secret@h/0").user == nil)
        #expect(try ServiceURL("redis://:secret@h/0").password == Secret("secret"))
        #expect(try ServiceURL("ftp://name:@h").password == nil)
    }

    @Test("A password may hold a colon") func colon() throws {
        #expect(try ServiceURL("ftp://u:a:b@h").password?.reveal() == "a:b")
    }

    @Test("Schemes and hosts ignore case", arguments: ServiceURL.schemes.sorted()) func schemes(scheme: String) throws {
        let url = try ServiceURL(scheme.uppercased() + "://HOST/Path")
        #expect(url.scheme == (scheme == "postgresql" ? "postgres" : scheme))
        #expect(url.host == "host")
        #expect(url.path == "/Path")
    }

    @Test("IPv6 hosts come without brackets and print with them") func ipv6() throws {
        let url = try ServiceURL("redis://u:p@[2001:db8::1]:6380/2")
        #expect(url.host == "2001:db8::1")
        #expect(url.port == 6380)
        #expect(url.description == "redis://u:***@[2001:db8::1]:6380/2")
        #expect(try ServiceURL("redis://[fe80::1%25eth0]").host == "fe80::1%eth0")
    }

    @Test("Schemes with a + take several places") func places() throws {
        let url = try ServiceURL("redis+sentinel://u:p@A:1,[::1],b:3/name")
        #expect(url.host == "a" && url.port == 1)
        #expect(url.others.map(\.description) == ["[::1]", "b:3"])
        #expect(url.description == "redis+sentinel://u:***@a:1,[::1],b:3/name")
        #expect(try ServiceURL("redis://h").others.isEmpty)
        #expect(throws: ServiceURLError.self) { try ServiceURL("redis+cluster://h" + String(repeating: ",h", count: 64)) }
    }

    @Test(
        "Faults are refused with their kind, and the message repeats nothing of the text",
        arguments: [
            ("", ServiceURLError.Code.malformed), ("hunter2", .malformed), ("redis:hunter2", .malformed),
            ("gopher://hunter2", .unknownScheme),
            ("redis://u:hunter2#@h", .fragment), ("redis://u:hunter2@", .host), ("redis://", .host), ("redis://u:hunter2@h@h", .host),
            ("redis://u:hunter2%@h", .password), ("redis://u:hunter2%zz@h", .password), ("redis://u:hunter2%FF@h", .password),
            ("redis://%G0:hunter2@h", .user), ("redis://h:0", .port), ("redis://h:65536", .port), ("redis://h:+1", .port),
            ("redis://h:", .port),
            ("redis://h:99999999999999999999", .port), ("redis://u:hun/ter2@h", .port), ("redis://[::1", .host),
            ("redis://[hunter2]", .host),
            ("redis://[::1]6379", .port), ("redis://a b", .host), ("redis://h%2Fi", .host), ("ftp://h/%", .path),
            ("ftp://h?a=1&a=2", .query),
            ("ftp://h?=hunter2", .query), ("redis://[v1.x]", .host), ("redis://hunter2,b", .host), ("redis+cluster://hunter2,", .host),
            ("redis+cluster://a,,b", .host), ("redis+sentinel://a,b:0/hunter2", .port),
        ]) func faults(text: String, code: ServiceURLError.Code) throws
    {
        let error = try #require(throws: ServiceURLError.self) { try ServiceURL(text) }
        #expect(error.code == code)
        #expect(!"\(error)".contains("hunter2") && !String(reflecting: error).contains("hunter2"))
    }

    @Test(
        "H30 Control bytes are refused in every part, encoded or not",
        arguments: [
            "ftp://u%0D%0ADELE@h", "ftp://u:p%0a@h", "ftp://h%00", "ftp://h/a%0d%0aDELE%20x", "ftp://h/a\nb", "ftp://h?a=%7F",
            "ftp://u:p\r@h",
            "ftp://h/a\r\nb", "ftp://u:\r\n@h",
        ]) func controlBytes(text: String)
    {
        #expect(throws: ServiceURLError.self) { try ServiceURL(text) }
    }

    @Test("No way of printing shows the password or the query") func hiding() throws {
        let url = try ServiceURL("postgres://user:hunter2@h:1/db?password=hunter2")
        var dumped = ""
        dump(url, to: &dumped)
        for text in [url.description, url.debugDescription, "\(url)", String(reflecting: url), dumped, "\([url])", "\(url as Any)"] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
        #expect(url.description == "postgres://user:***@h:1/db")
    }
}

struct SecretTests {
    @Test("A secret shows itself by name only") func hiding() {
        struct Holder { let secret = Secret("hunter2") }
        let secret = Secret("hunter2")
        var dumped = ""
        dump(Holder(), to: &dumped)
        for text in [secret.description, secret.debugDescription, "\(secret)", "\(Holder())", dumped, String(reflecting: secret)] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
        #expect(secret.reveal() == "hunter2")
        #expect(secret == Secret("hunter2") && secret != Secret("hunter3"))
    }
}
