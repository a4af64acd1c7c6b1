import Curl
import Files
import Foundation
import Logging
import Platform
import Synchronization

/// Removes bytes in staging that no row owns, and uploads on the FTP server that were never renamed.
///
/// Both are left behind only by killed processes, so looking is rare: once per worker and `interval`.
final class Sweeper: Sendable {
    private let files: FileTransitions
    private let staging: StagingArea
    private let ftp: FTPClient
    private let ages: Settings.Maintenance
    private let nextSweep = Mutex(ContinuousClock.now)

    init(files: FileTransitions, staging: StagingArea, ftp: FTPClient, ages: Settings.Maintenance) {
        self.files = files
        self.staging = staging
        self.ftp = ftp
        self.ages = ages
    }

    func sweepIfDue(_ logger: Logger) async throws {
        let interval = min(ages.orphanAge, ages.partAge) / 4
        let isDue = nextSweep.withLock { next in
            guard next <= .now else { return false }
            next = .now + interval
            return true
        }
        guard isDue else { return }
        let bytes = try await staging.sweep(olderThan: ages.orphanAge) { try await self.files.needingBytes($0) }
        let parts = try await sweepParts()
        if bytes + parts > 0 {
            logger.notice("swept what belongs to nothing", metadata: .init([.staging: "\(bytes)", .count: "\(parts)"]))
        }
    }

    /// A part cannot be older than its file's month by much, so the directories of this month and the last are enough.
    private func sweepParts() async throws -> Int {
        let limit = Date(timeIntervalSinceNow: -(ages.partAge / .seconds(1)))
        var swept = 0
        for directory in try await recentDirectories() {
            for entry in try await ftp.list(directory) where PartName.matches(entry.name) {
                guard let modified = entry.modified, modified < limit else { continue }
                if try await ftp.delete("\(directory)/\(entry.name)") { swept += 1 }
            }
        }
        return swept
    }

    private func recentDirectories() async throws -> [String] {
        let now = Date()
        let months = [now, now.addingTimeInterval(-27 * 86_400)].map(Self.yearAndMonth)
        var directories: [String] = []
        for user in try await ftp.list("") where user.isDirectory {
            for month in Set(months) { directories.append("\(user.name)/\(month)") }
        }
        return directories
    }

    private static func yearAndMonth(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month], from: date)
        let month = parts.month ?? 1
        return "\(parts.year ?? 1970)/\(month < 10 ? "0" : "")\(month)"
    }
}
