/// How much of their random work tests do, in percent: `SLUICE_TEST_EFFORT`, 100 unless set.
///
/// `make test-thread` sets less: a sanitizer looks for races, which pure computing does not have, and what takes all threads for
/// minutes lets the deadlines of the tests beside it pass.
public enum Effort {
    private static let percent = max(1, TestServer.environment("SLUICE_TEST_EFFORT").flatMap { Int($0) } ?? 100)

    /// - Returns: the share of `count` to be done, at least one.
    public static func rounds(_ count: Int) -> Int { max(1, count * percent / 100) }
}
