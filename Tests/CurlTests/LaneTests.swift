import Curl
import Platform
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.factor))) struct LaneTests {
    @Test("work that comes while the only lane is ending gets another one")
    func successor() async throws {
        let engine = CurlEngine(idleLimit: .milliseconds(1), logger: .silent)
        let nobody = try ReservedPort()
        var configuration = FTPConfiguration(
            host: "127.0.0.1", port: nobody.number, user: "u", password: Secret("p"), requiresTLS: false)
        configuration.maximumConnections = 1
        let client = try FTPClient(engine: engine, configuration: configuration, logger: .silent)
        var answers = 0
        for round in 0..<2000 {
            // Around the time at which the lane ends.
            try await Task.sleep(for: .microseconds(900 + round % 50 * 10))
            let error = await #expect(throws: FTPError.self) { try await client.size(of: "x") }
            if error?.disposition == .unavailable { answers += 1 }
        }
        #expect(answers == 2000)
        await engine.close()
    }
}
