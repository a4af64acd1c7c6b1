import Glibc
import Platform
import Synchronization

/// The room on the file system of the staging area, measured at most once in an interval.
final class FreeSpace: Sendable {
    private struct Measurement: Sendable {
        var time: ContinuousClock.Instant
        var bytes: Int64
        /// Nil where the file system does not count inodes.
        var inodes: UInt64?
    }

    private let configuration: StagingConfiguration
    private let pool: BlockingPool
    private let last = Mutex<Measurement?>(nil)

    init(_ configuration: StagingConfiguration, pool: BlockingPool) {
        self.configuration = configuration
        self.pool = pool
    }

    /// - Throws: `.stagingFull` when `count` more bytes would cut into the reserve.
    func check(for count: Int64) async throws(FilesError) {
        let measurement = try await current()
        let (left, overflow) = measurement.bytes.subtractingReportingOverflow(count)
        guard !overflow, left >= configuration.reserveBytes else { throw FilesError(.stagingFull, "the staging area has no room") }
        if let inodes = measurement.inodes, inodes < configuration.reserveInodes {
            throw FilesError(.stagingFull, "the staging area has no inodes left")
        }
    }

    /// Callers that find the measurement old at the same moment measure each for themselves: rare, and no later one is misled.
    private func current() async throws(FilesError) -> Measurement {
        let now = ContinuousClock.now
        if let last = last.withLock({ $0 }), now - last.time < configuration.spaceCheckInterval { return last }
        do {
            let fresh = try await pool.run { [self] in try measure(at: now) }
            last.withLock { $0 = fresh }
            return fresh
        } catch {
            throw FilesError(error)
        }
    }

    private func measure(at time: ContinuousClock.Instant) throws(FilesError) -> Measurement {
        var status = statvfs()
        guard statvfs(configuration.root, &status) == 0 else { throw .system("statvfs", errno) }
        let (bytes, overflow) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(by: Int64(clamping: status.f_frsize))
        let inodes = status.f_files == 0 ? nil : UInt64(status.f_favail)
        return Measurement(time: time, bytes: overflow ? .max : bytes, inodes: inodes)
    }
}
