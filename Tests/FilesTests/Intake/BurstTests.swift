import Cryptography
import Files
import Platform
import Testing

@Suite struct BurstTests {
    private let start = ContinuousClock.now
    private var burst = Burst(patience: .seconds(1), pause: .milliseconds(10))

    @Test("a file that comes alone is due at once")
    mutating func single() {
        for _ in 0..<2 {
            burst.expect()
            #expect(settle(1, after: 0) == 1)
        }
    }

    @Test("files that were refused together leave the next one alone")
    mutating func refused() {
        for _ in 0..<2 { burst.expect() }
        burst.settle(2, accepted: [], at: start)
        burst.expect()
        #expect(settle(1, after: 1) == 1)
    }

    @Test("files that come together are due when none has been on its way for a pause")
    mutating func pause() {
        for _ in 0..<3 { burst.expect() }
        #expect(settle(2, after: 0) == 0)
        #expect(due(after: 20) == 0, "one is still being accepted")
        #expect(settle(1, after: 30) == 0)
        #expect(due(after: 39) == 0)
        burst.expect()
        #expect(settle(1, after: 39) == 0, "one more in time")
        #expect(due(after: 48) == 0)
        #expect(due(after: 49) == 4)
        #expect(!burst.isHolding)
        // The burst is over.
        burst.expect()
        #expect(settle(1, after: 50) == 1)
    }

    @Test("none is held longer than the patience")
    mutating func patience() {
        for _ in 0..<9 { burst.expect() }
        #expect(settle(1, after: 100) == 0)
        #expect(settle(1, after: 1099) == 0)
        #expect(due(after: 1100) == 2)
        #expect(settle(1, after: 1101) == 0, "the next one is held from its own time on")
        #expect(due(after: 2100) == 0)
        #expect(due(after: 2101) == 1)
    }

    @Test("without patience all are due at once")
    mutating func none() {
        burst = Burst(patience: .zero, pause: .milliseconds(10))
        for _ in 0..<2 { burst.expect() }
        #expect(settle(1, after: 0) == 1)
        #expect(settle(1, after: 0) == 1)
    }

    /// Accepts as many files in as many groups.
    ///
    /// - Returns: how many are due then.
    private mutating func settle(_ groups: Int, after milliseconds: Int) -> Int {
        let files = (0..<groups).map { _ in
            FileRecord(
                id: FileID(), owner: UserID(rawValue: 1), name: "a", size: 1, contentType: "text/plain", sha256: SHA256Hasher().finish(),
                state: .staged, key: "1/a", area: "default")
        }
        burst.settle(groups, accepted: files, at: start + .milliseconds(milliseconds))
        return due(after: milliseconds)
    }

    private mutating func due(after milliseconds: Int) -> Int {
        burst.takeDue(at: start + .milliseconds(milliseconds)).count
    }
}
