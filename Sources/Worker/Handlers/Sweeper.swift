package import Curl
package import Files
import Foundation
package import Logging
package import Platform
import Synchronization

/// Removes bytes in staging that no row owns, and uploads on the FTP server that were never renamed.
///
/// Both are left behind only by killed processes, so each worker looks rarely: four times in the age at which they go.
package final class Sweeper: Sendable {
    private let files: FileTransitions
    private let staging: StagingArea
    private let ftp: FTPClient
    private let ages: Settings.Maintenance
    private let nextForBytes = Mutex(ContinuousClock.now)
    private let nextForParts = Mutex(ContinuousClock.now)

    package init(files: FileTransitions, staging: StagingArea, ftp: FTPClient, ages: Settings.Maintenance) {
        self.files = files
        self.staging = staging
        self.ftp = ftp
        self.ages = ages
    }

    /// Sweeps what is due. A failure is logged and no more: what could not be removed is found again.
    package func sweepIfDue(_ logger: Logger) async {
        if Self.isDue(nextForBytes, every: ages.orphanAge / 4) {
            await report("swept staged bytes that no file needs", logger) {
                try await staging.sweep(olderThan: ages.orphanAge) { try await self.files.needed($0) }
            }
        }
        if Self.isDue(nextForParts, every: ages.partAge / 4) {
            await report("swept uploads that were never finished", logger) { try await sweepParts(logger) }
        }
    }

    private static func isDue(_ next: borrowing Mutex<ContinuousClock.Instant>, every interval: Duration) -> Bool {
        next.withLock { next in
            guard next <= .now else { return false }
            next = .now + interval
            return true
        }
    }

    private func report(_ effect: Logger.Message, _ logger: Logger, _ sweep: () async throws -> Int) async {
        do {
            let count = try await sweep()
            if count > 0 { logger.notice(effect, metadata: .init([.count: "\(count)"])) }
        } catch {
            logger.warning("a sweep was not finished", metadata: .init([.error: "\(error)"]))
        }
    }

    /// A directory or a part that is refused does not keep the others from being looked at; an outage ends the sweep.
    private func sweepParts(_ logger: Logger) async throws(FTPError) -> Int {
        let limit = Date(timeIntervalSinceNow: -(ages.partAge / .seconds(1)))
        var swept = 0
        for directory in try await recentDirectories() {
            do {
                for entry in try await ftp.list(directory) where PartName.matches(entry.name) {
                    guard let modified = entry.modified, modified < limit else { continue }
                    if try await ftp.delete("\(directory)/\(entry.name)") { swept += 1 }
                }
            } catch let error where error.disposition == .retry || error.disposition == .fatal {
                logger.warning("a directory was not swept", metadata: .init([.error: "\(error)"]))
            }
        }
        return swept
    }

    /// A part lies in the directory of the month in which its file was received, hardly ever more than two months ago. What else
    /// lies beside the users' directories is not ours.
    private func recentDirectories() async throws(FTPError) -> [String] {
        let now = FileID().milliseconds
        let months = Set([0, 27, 54].map { FileKey.directory(milliseconds: now - $0 * 86_400_000) }).sorted()
        return try await ftp.list("").filter { $0.isDirectory && Int64($0.name) != nil }.flatMap { user in
            months.map { "\(user.name)/\($0)" }
        }
    }
}
