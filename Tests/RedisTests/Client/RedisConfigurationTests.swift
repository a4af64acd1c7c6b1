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
        "redis://localhost?name=a%20b", "redis://localhost/1/2", "redis+cluster://a,b/1", "redis+sentinel://a,b", "redis+sentinel://a/",
        "redis+sentinel://a/m/x", "redis+sentinel://a/m/1/2", "redis+cluster://a?sentinel-password=x",
    ])
    func `a wrong URL is refused`(text: String) throws {
        let url = try ServiceURL(text)
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.code == .configuration)
    }

    @Test func `a URL of sentinels is read whole`() throws {
        let url = try ServiceURL(
            "rediss+sentinel://app:one@s1,s2:7000,[::1]/primary/2?sentinel-user=me&sentinel-password=two&ca=/etc/ca.pem")
        let configuration = try RedisConfiguration(url: url)
        guard case .sentinel(let sentinels) = configuration.topology else { return #expect(Bool(false), "no sentinels") }
        #expect(sentinels.endpoints.map(\.description) == ["s1:26379", "s2:7000", "[::1]:26379"])
        #expect(sentinels.primary == "primary")
        #expect(sentinels.user == "me" && sentinels.password?.reveal() == "two")
        #expect(configuration.user == "app" && configuration.password?.reveal() == "one")
        #expect(configuration.database == 2)
        #expect(configuration.tls == RedisTLS(certificateAuthority: "/etc/ca.pem"))
    }

    @Test func `a URL of a cluster is read whole`() throws {
        let configuration = try RedisConfiguration(url: ServiceURL("redis+cluster://:secret@a,b:7000/"))
        guard case .cluster(let seeds) = configuration.topology else { return #expect(Bool(false), "no cluster") }
        #expect(seeds == [RedisEndpoint(host: "a", port: 6379), RedisEndpoint(host: "b", port: 7000)])
        #expect(configuration.password?.reveal() == "secret" && configuration.tls == nil)
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
