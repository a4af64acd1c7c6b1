import Files
import TestSupport
import Testing

@Suite("Pace of the intake")
struct IntakePaceTests {
    @Test("nothing is expected to wait while nothing is under way, however slow the last batch was")
    func idle() async throws {
        let pace = IntakePace()
        await pace.measure { try? await Task.sleep(for: .milliseconds(50)) }
        #expect(pace.wait(for: 10) == .zero)
    }

    @Test("what waits behind a batch that hangs waits as long as that does, and for each batch before it")
    func hanging() async throws {
        let pace = IntakePace()
        await pace.measure {
            try? await Task.sleep(for: .milliseconds(50))
            #expect(pace.wait(for: 1) >= .milliseconds(50) && pace.wait(for: 10) >= .milliseconds(500))
        }
    }

    @Test("a quick batch after slow ones is expected to take less than they did, and more than it did itself")
    func usual() async throws {
        let pace = IntakePace()
        for _ in 0..<3 { await pace.measure { try? await Task.sleep(for: .milliseconds(200)) } }
        await pace.measure {
            let expected = pace.wait(for: 1)
            #expect(expected > .milliseconds(50) && expected < .seconds(1).stretched)
        }
    }
}
