import Glibc
import Synchronization

/// The room on the file system of the staging area, measured at most once in an interval.
final class FreeSpace: Sendable {
    private struct Measurement {
        var time: ContinuousClock.Instant
        var bytes: Int64
        /// Nil where the file system does not count inodes.
        var inodes: UInt64?
    }

    private let configuration: StagingConfiguration
    private let last = Mutex<Measurement?>(nil)

    init(_ configuration: StagingConfiguration) {
        self.configuration = configuration
    }

    /// - Throws: `.stagingFull` when `count` more bytes would cut into the reserve.
    func check(for count: Int64) throws(FilesError) {
        let measurement = try last.withLock { last throws(FilesError) in
            let now = ContinuousClock.now
            if let last, now - last.time < configuration.spaceCheckInterval { return last }
            let fresh = try measure(at: now)
            last = fresh
            return fresh
        }
        let (left, overflow) = measurement.bytes.subtractingReportingOverflow(count)
        guard !overflow, left >= configuration.reserveBytes else { throw FilesError(.stagingFull, "the staging area has no room") }
        if let inodes = measurement.inodes, inodes < configuration.reserveInodes {
            throw FilesError(.stagingFull, "the staging area has no inodes left")
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
