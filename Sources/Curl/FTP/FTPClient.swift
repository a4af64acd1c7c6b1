public import Logging
import Synchronization

/// Publishes, deletes and lists files on one FTP server.
///
/// Up to `maximumConnections` operations run at the same time, each on a kept connection; further ones wait in order.
/// Memory is bounded by the number of connections, whatever the size of the files. Cancelling the caller aborts the
/// operation. Names may consist of `[A-Za-z0-9._/-]` only; anything else is refused before a connection is touched.
public struct FTPClient: Sendable {
    /// What `publish` appends to the temporary name for the older file of the key, while it puts the new one in its place.
    public static let asideSuffix = ".old"

    private let pool: LanePool
    private let target: FTPTarget
    private let logger: Logger
    private let capabilities = Capabilities()

    /// What the server has turned out not to know.
    private final class Capabilities: Sendable {
        let lacksMLSD = Atomic(false)
    }

    /// - Throws: when `configuration.directory`, a name or a number in it cannot be used.
    public init(engine: CurlEngine, configuration: FTPConfiguration, logger: Logger) throws(FTPError) {
        target = try FTPTarget(configuration)
        pool = engine.makePool(name: "ftp", maximumLanes: configuration.maximumConnections)
        self.logger = logger
    }

    /// Uploads a file under a temporary name, compares its size on the server with `size`, and renames it to `key`.
    ///
    /// Nobody sees `key` before the file is complete; an older file of that name is replaced. Directories are made when
    /// they are missing. After an error the temporary file has been deleted if the server could still be reached, except
    /// where an older file was being replaced and it is not known how far that came.
    ///
    /// - Parameters:
    ///   - path: a regular file on this machine.
    ///   - offset: where in it the bytes begin.
    ///   - size: how many they are; the file may go on behind them.
    ///   - key: relative to the configured directory.
    ///   - temporaryName: likewise; unique to this attempt.
    ///   - isCurrent: asked between the size check and the rename, and before an older file is touched, on a thread that
    ///     it must not block; false: the temporary file is deleted and the error is `.superseded`.
    public func publish(
        file path: String, from offset: Int64 = 0, size: Int64, as key: String, temporaryName: String,
        isCurrent: @escaping @Sendable () -> Bool
    ) async throws(FTPError) {
        let publication = FTPPublication(
            file: path, offset: offset, size: size, temporary: try target.directory.appending(temporaryName),
            final: try target.directory.appending(key), aside: try target.directory.appending(temporaryName + Self.asideSuffix),
            isCurrent: isCurrent)
        try await run { (session: FTPSession) throws(FTPError) in try session.publish(publication) }
    }

    /// Deletes a file.
    ///
    /// - Returns: false when there was none.
    /// - Throws: `.retry` with reply 550 when the server refuses to delete what exists.
    public func delete(_ key: String) async throws(FTPError) -> Bool {
        let path = try target.directory.appending(key)
        return try await run { (session: FTPSession) throws(FTPError) in try session.delete(path) }
    }

    /// - Returns: the size in bytes, nil when there is no such file.
    public func size(of key: String) async throws(FTPError) -> Int64? {
        let path = try target.directory.appending(key)
        return try await run { (session: FTPSession) throws(FTPError) in try session.size(of: path) }
    }

    /// Hands over the entries of a directory as they arrive, in the server's order, without `.` and `..`.
    ///
    /// MLSD (RFC 3659) is used, or LIST in the format of `ls -l` where the server lacks it. However many entries there are, no more
    /// than one chunk is held. A directory that does not exist has none. After an error some may have been handed over.
    ///
    /// - Parameters:
    ///   - directory: relative to the configured one; empty for that itself.
    ///   - take: gets up to 500 entries at a time, on a thread that it must not block; false ends the listing early, without
    ///     an error.
    public func list(_ directory: String, take: @escaping @Sendable ([FTPEntry]) -> Bool) async throws(FTPError) {
        let path = directory.isEmpty ? target.directory : try target.directory.appending(directory)
        if !capabilities.lacksMLSD.load(ordering: .relaxed) {
            let isKnown = try await run { (session: FTPSession) throws(FTPError) in try session.machineListing(of: path, take: take) }
            if isKnown { return }
            capabilities.lacksMLSD.store(true, ordering: .relaxed)
            logger.debug("the FTP server lacks MLSD")
        }
        try await run { (session: FTPSession) throws(FTPError) in try session.unixListing(of: path, take: take) }
    }

    private func run<Output: Sendable>(
        _ body: @escaping @Sendable (FTPSession) throws(FTPError) -> Output
    ) async throws(FTPError) -> Output {
        let result: Result<Output, FTPError>
        do {
            result = try await pool.run { [target] lane in
                do throws(FTPError) {
                    return .success(try body(FTPSession(lane: lane, target: target)))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw FTPError(.cancelled, message: error == .closed ? "the engine has ended" : "cancelled while waiting for a connection")
        }
        return try result.get()
    }
}
