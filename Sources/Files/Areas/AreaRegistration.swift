public import Logging
import Platform
public import Postgres
public import ServiceLifecycle

/// Sees to it that a staging area is one disk: two of one name would each be searched for the bytes of the other, and what is missing
/// there be declared lost.
///
/// From when it is made nobody gets at the disk before the database has confirmed it. It is asked again from time to time: whoever
/// gives the name to another disk need not know which processes still run on this one.
public struct AreaRegistration: Service {
    private let register: AreaRegister
    private let staging: StagingArea
    private let interval: Duration
    private let logger: Logger

    /// - Precondition: the staging area has been prepared.
    public init(pool: PostgresPool, staging: StagingArea, logger: Logger) {
        self.init(pool: pool, staging: staging, interval: .seconds(30), logger: logger)
    }

    /// - Parameter interval: how often it is asked again.
    package init(pool: PostgresPool, staging: StagingArea, interval: Duration, logger: Logger) {
        register = AreaRegister(pool: pool)
        self.staging = staging
        self.interval = interval
        self.logger = logger
        staging.hold()
    }

    /// Asks once, so that a wrong disk ends the process before it listens. If the database does not answer now, `run` goes on.
    ///
    /// - Throws: `.foreignArea`.
    public func begin() async throws(FilesError) {
        _ = try await isConfirmed(failure: .warning)
    }

    /// Asks until graceful shutdown.
    ///
    /// - Throws: `.foreignArea`, which ends the process.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
            while !Task.isCancelled {
                let pause = try await isConfirmed(failure: .debug) ? interval : backoff.next()
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func isConfirmed(failure level: Logger.Level) async throws(FilesError) -> Bool {
        do throws(FilesError) {
            try await compare()
            return true
        } catch {
            guard error.code != .foreignArea else { throw error }
            let isOld = (error.underlying as? PostgresError)?.sqlState == Self.undefinedTable
            logger.log(
                level: level, isOld ? "waiting: run `sluice migrate`" : "waiting: the database has not confirmed the staging area",
                metadata: .init([.error: "\(error)"]))
            return false
        }
    }

    private static let undefinedTable = "42P01"

    private func compare() async throws(FilesError) {
        guard let identity = staging.identity else { throw FilesError(.misuse, "the staging area is not prepared") }
        let registered = try await register.claim(identity.name, for: identity.instance)
        guard registered == identity.instance else {
            staging.hold()
            throw FilesError(
                .foreignArea,
                """
                the disk at SLUICE_STAGING is \(identity.instance), and staging area \(identity.name) is another one, \(registered): \
                mount that one, or give this disk a SLUICE_STAGING_AREA of its own, or, if it takes the place of the other for good, \
                run `sluice area register \(identity.name) \(identity.instance)`
                """)
        }
        staging.letGo()
    }
}
