import Platform
import Redis
import Testing

@Suite struct RedisConfigurationTests {
    @Test func `a URL is read whole`() throws {
        let url = try ServiceURL("rediss://app:s%40crt@cache.example:7000/3?ca=/etc/ca.pem&name=web-1")
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.host == "cache.example")
        #expect(configuration.port == 7000)
        #expect(configuration.user == "app")
        #expect(configuration.password?.reveal() == "s@crt")
        #expect(configuration.database == 3)
        #expect(configuration.tls == RedisTLS(certificateAuthority: "/etc/ca.pem"))
        #expect(configuration.clientName == "web-1")
    }

    @Test func defaults() throws {
        let configuration = try RedisConfiguration(url: ServiceURL("redis://localhost"))
        #expect(configuration.port == 6379)
        #expect(configuration.database == 0)
        #expect(configuration.tls == nil)
        #expect(configuration.password == nil)
    }

    @Test(arguments: [
        "postgres://localhost", "redis://localhost/x", "redis://localhost/-1", "redis://localhost?ca=/x", "redis://localhost?timeout=1",
        "redis://localhost?name=a%20b",
    ])
    func `a wrong URL is refused`(text: String) throws {
        let url = try ServiceURL(text)
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.code == .configuration)
    }

    @Test func `errors show no data`() {
        let error = RedisError(server: "WRONGTYPE key user:alice@example.org holds secret")
        #expect(error.description == "redis server: server error WRONGTYPE")
        #expect(error.serverCode == "WRONGTYPE")
        #expect(error.debugDescription.contains("alice"))
        #expect(RedisError(server: "alice did it").serverCode == nil)
    }

    @Test func `temporary states of a server are unavailability`() {
        #expect(RedisError(server: "LOADING Redis is loading the dataset in memory").code == .unavailable)
        #expect(RedisError(server: "READONLY You can't write against a read only replica.").code == .unavailable)
        #expect(RedisError(server: "MASTERDOWN Link with MASTER is down").code == .unavailable)
        #expect(RedisError(server: "LOADINGX").code == .server)
    }
}
