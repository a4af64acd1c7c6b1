/// How much longer than usual tests wait for what must happen: `SLUICE_TEST_PATIENCE`, 1 unless set.
///
/// `make test-thread` sets it, since code under the thread sanitizer takes many times as long, and continuous integration,
/// whose machine is shared. Only limits that a correct
/// and fast enough program never reaches are stretched, not the spans whose passing a test is about.
public enum Patience {
    public static let factor = max(1, TestServer.environment("SLUICE_TEST_PATIENCE").flatMap { Int($0) } ?? 1)
}

extension Duration {
    /// This limit, as much longer as `Patience` says.
    public var stretched: Duration { self * Patience.factor }
}
