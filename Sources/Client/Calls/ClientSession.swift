import Cryptography
import Curl
import Logging
package import Platform

/// The connections of one command to one server, and the threads that read and write its files.
public final class ClientSession: Sendable {
    let configuration: ClientConfiguration
    let caller: Caller
    private let disk: BlockingPool

    public var files: RemoteFiles { RemoteFiles(caller: caller) }

    /// Runs `body` and closes all connections after it.
    ///
    /// - Parameters:
    ///   - connections: at the same time.
    ///   - patience: how long the server may be out of reach.
    public static func with<T: Sendable>(
        _ configuration: ClientConfiguration, connections: Int, patience: Duration,
        _ body: (ClientSession) async throws -> T
    ) async throws -> T {
        // Without a log: what goes wrong is told by the command.
        let engine = CurlEngine(logger: Logger(label: "sluice") { _ in SwiftLogNoOpLogHandler() })
        let http = HTTPClient(engine: engine, address: configuration.address, maximumConnections: connections)
        let caller = Caller(http: http, token: configuration.token, patience: patience)
        let session = ClientSession(configuration: configuration, caller: caller, disk: BlockingPool(name: "disk", size: connections))
        do {
            let result = try await body(session)
            await engine.close()
            return result
        } catch {
            await engine.close()
            throw error
        }
    }

    package init(configuration: ClientConfiguration, caller: Caller, disk: BlockingPool) {
        self.configuration = configuration
        self.caller = caller
        self.disk = disk
    }

    /// Server and user: what is remembered of files is remembered for these.
    var account: String {
        "\(configuration.address) \(SHA256Hasher.digest(of: Array(configuration.token.reveal().utf8)))"
    }

    /// Brings a digest up to an offset, in pieces: reading a hundred gigabytes ends when the user wants it to.
    func catchUp(_ digest: SendingDigest, with file: LocalFile, to offset: Int64) async throws(ClientFailure) {
        while digest.position < offset {
            let next = min(offset, digest.position + Self.piece)
            try await onDisk { () throws(ClientFailure) in try digest.catchUp(with: file, to: next) }
        }
    }

    private static let piece: Int64 = 256 << 20

    /// Runs what waits for a disk.
    func onDisk<T: Sendable>(_ body: @escaping @Sendable () throws(ClientFailure) -> T) async throws(ClientFailure) -> T {
        do {
            return try await disk.run(body)
        } catch let failure as ClientFailure {
            throw failure
        } catch {
            throw .interrupted
        }
    }

    /// Writes down, or removes, what another run would go by: being interrupted does not undo what has happened.
    func record(_ body: @escaping @Sendable () throws(ClientFailure) -> Void) async throws(ClientFailure) {
        // A task of its own is not cancelled with the one that waits for it.
        let recorded = Task { () -> Result<Void, ClientFailure> in
            do throws(ClientFailure) {
                return .success(try await onDisk(body))
            } catch {
                return .failure(error)
            }
        }
        try await recorded.value.get()
    }
}
