import Curl
import Foundation
import TestSupport
import Testing

/// `SLUICE_BENCH_FTP=20000 swift test --filter PublishBenchmark` prints files per second for 4-KiB files.
@Suite(.serialized) struct PublishBenchmark {
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static let count = TestServer.environment("SLUICE_BENCH_FTP").flatMap(Int.init) ?? 0

    @Test("4-KiB files per second against vsftpd", .enabled(if: count > 0), arguments: [4, 8, 16, 32])
    func rate(connections: Int) async throws {
        try await FTPFixture.with(.vsftpd(tls: false), configure: { configuration, _ in configuration.maximumConnections = connections }) {
            fixture in
            let (path, _) = try fixture.file(size: 4096)
            let clock = ContinuousClock()
            let start = clock.now
            let before = Self.processorSeconds()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Self.count {
                    if number >= 64 { try await group.next() }
                    group.addTask {
                        let key = "u\(number % 10)/2026/11/file-\(number).bin"
                        try await fixture.client.publish(
                            file: path, size: 4096, as: key, temporaryName: key + ".1.part", isCurrent: { true })
                    }
                }
                try await group.waitForAll()
            }
            let seconds = (clock.now - start) / .seconds(1)
            let processor = (Self.processorSeconds() - before) / Double(Self.count)
            print(
                "BENCH connections=\(connections) files=\(Self.count) files/s=\(Int(Double(Self.count) / seconds))",
                "client CPU per file=\(Int(processor * 1e6)) µs")
        }
    }
}
