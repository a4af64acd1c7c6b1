package import Curl
import Files
import Foundation
package import Jobs
import Logging
import Platform
import Synchronization

/// Removes uploads on the FTP server that were never renamed: killed processes leave them behind.
///
/// Holds a batch of names at a time, however many users, files and parts there are.
package struct SweepPartsHandler: Sendable {
    /// Parts removed before their directory is listed again.
    private static let batch = 1000
    /// Users whose directories are gone through before those of further users are looked for.
    private static let userPage = 10_000
    /// Until the next try when the server does not answer.
    private static let pause: Duration = .seconds(60)

    private let ftp: FTPClient
    private let age: Duration

    /// - Parameter age: how long ago a part was last written to when it goes.
    package init(ftp: FTPClient, age: Duration) {
        self.ftp = ftp
        self.age = age
    }

    /// An outage puts the job off and spends nothing.
    package func handle(_ job: SweepParts, _ context: JobContext) async -> JobOutcome {
        do {
            let swept = try await sweep(context)
            if swept > 0 { context.logger.notice("swept uploads that were never finished", metadata: .init([.count: "\(swept)"])) }
            return .done
        } catch {
            context.logger.warning("a sweep was not finished", metadata: .init([.error: "\(error)"]))
            return .later(after: error.disposition == .cancelled ? .zero : Self.pause, reason: error.description)
        }
    }

    /// A directory or a part that is refused does not keep the others from being looked at; an outage ends the sweep.
    private func sweep(_ context: JobContext) async throws(FTPError) -> Int {
        let limit = Date(timeIntervalSinceNow: -(age / .seconds(1)))
        let months = Self.recentMonths()
        var swept = 0
        var last: Int64?
        while context.isCurrent() {
            let users = try await users(after: last, context)
            for user in users {
                for month in months where context.isCurrent() {
                    do {
                        swept += try await sweep("\(user)/\(month)", before: limit, context)
                    } catch let error where error.disposition == .retry || error.disposition == .fatal {
                        context.logger.warning("a directory was not swept", metadata: .init([.error: "\(error)"]))
                    }
                }
            }
            guard users.count == Self.userPage else { break }
            last = users.last
        }
        return swept
    }

    private func sweep(_ directory: String, before limit: Date, _ context: JobContext) async throws(FTPError) -> Int {
        var swept = 0
        var former: [String] = []
        while true {
            let names = try await oldParts(in: directory, before: limit, context)
            // A server that says it has deleted what it still lists must not keep the sweep for ever.
            if names == former { return swept }
            for name in names where context.isCurrent() {
                if try await remove(name, in: directory, context) { swept += 1 }
            }
            if names.count < Self.batch { return swept }
            former = names
        }
    }

    /// - Returns: false when there was nothing to remove, when the server refuses, or when what was moved aside may be the only copy,
    ///   since its key is gone.
    private func remove(_ name: String, in directory: String, _ context: JobContext) async throws(FTPError) -> Bool {
        do {
            if let key = PartName.keyOfAside(name) {
                let size = try await ftp.size(of: "\(directory)/\(key)")
                if size == nil { return false }
            }
            return try await ftp.delete("\(directory)/\(name)")
        } catch {
            guard error.disposition == .retry || error.disposition == .fatal else { throw error }
            context.logger.warning("a part was not swept", metadata: .init([.error: "\(error)"]))
            return false
        }
    }

    private func oldParts(in directory: String, before limit: Date, _ context: JobContext) async throws(FTPError) -> [String] {
        let names = Mutex<[String]>([])
        try await ftp.list(directory) { entries in
            let old = entries.filter { entry in
                guard !entry.isDirectory, PartName.matches(entry.name), let modified = entry.modified else { return false }
                return modified < limit
            }
            let count = names.withLock { names in
                names += old.map(\.name)
                return names.count
            }
            return count < Self.batch && context.isCurrent()
        }
        return names.withLock { $0 }
    }

    /// The users with a directory, in the order of their numbers. What else lies beside those is not ours.
    private func users(after last: Int64?, _ context: JobContext) async throws(FTPError) -> [Int64] {
        let lowest = Mutex(LowestNumbers(count: Self.userPage, after: last))
        try await ftp.list("") { entries in
            lowest.withLock { lowest in
                for entry in entries where entry.isDirectory {
                    guard let user = Int64(entry.name), String(user) == entry.name else { continue }
                    lowest.insert(user)
                }
            }
            return context.isCurrent()
        }
        return lowest.withLock { $0.numbers }
    }

    /// A part lies in the directory of the month in which its file was received, hardly ever more than two months ago.
    private static func recentMonths() -> [String] {
        let now = FileID().milliseconds
        return Set([0, 27, 54].map { FileKey.directory(milliseconds: now - $0 * 86_400_000) }).sorted()
    }
}
