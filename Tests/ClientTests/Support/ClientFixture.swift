import Client
import Cryptography
import Curl
import Foundation
import Platform
import Synchronization
import TestSupport
import Testing

/// A client with a folder of its own, which waits in no time and remembers how long it would have.
final class ClientFixture: Sendable {
    let folder: String
    let session: ClientSession
    private let waits: Waits

    static func with<T>(
        _ server: FakeServer, patience: Duration = .seconds(600), disk: BlockingPool = BlockingPool(name: "disk", size: 4),
        _ body: (ClientFixture) async throws -> T
    ) async throws -> T {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-client-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let engine = CurlEngine(logger: .silent)
        let fixture = try ClientFixture(server, folder, engine, patience, disk)
        do {
            let result = try await body(fixture)
            await engine.close()
            return result
        } catch {
            await engine.close()
            throw error
        }
    }

    private init(_ server: FakeServer, _ folder: String, _ engine: CurlEngine, _ patience: Duration, _ disk: BlockingPool) throws {
        self.folder = folder
        let environment = ["SLUICE_URL": server.url, "SLUICE_TOKEN": "slc_right", "HOME": folder]
        let configuration = try ClientConfiguration(environment: environment)
        let waits = Waits()
        let caller = Caller(
            http: HTTPClient(engine: engine, address: configuration.address, maximumConnections: 4, silence: Duration.seconds(5).stretched),
            token: configuration.token, patience: patience
        ) { wait in waits.list.withLock { $0.append(wait) } }
        session = ClientSession(configuration: configuration, caller: caller, disk: disk)
        self.waits = waits
    }

    private final class Waits: Sendable {
        let list = Mutex<[Duration]>([])
    }

    /// How long it has waited between tries.
    var pauses: [Duration] { waits.list.withLock { $0 } }

    /// What is remembered of large files.
    var journal: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder + "/.local/state/sluice/uploads")) ?? []
    }

    /// What is remembered of commands.
    var runs: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder + "/.local/state/sluice/runs")) ?? []
    }

    @discardableResult
    func file(_ name: String, _ content: [UInt8]) throws -> String {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(content).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Runs one `put`; large is what has at least `resumableFrom` bytes.
    func put(
        _ paths: [String], resumableFrom: Int64 = 100_000, parallel: Int = 2, announcesDigest: Bool = false
    ) async throws -> (status: CommandStatus, results: [PutRun.Result]) {
        var options = PutOptions()
        options.resumableFrom = resumableFrom
        options.parallel = parallel
        options.announcesDigest = announcesDigest
        var results: [PutRun.Result] = []
        let status = try await PutRun(session: session, options: options, board: ProgressBoard()).run(paths) {
            results.append($0)
            return true
        }
        return (status, results)
    }

    /// Puts one new file and looks how that ends.
    func put(
        _ name: String, _ content: [UInt8], gives expected: CommandStatus, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let status = try await put([try file(name, content)]).status
        #expect(status == expected, sourceLocation: sourceLocation)
    }

    static func bytes(_ count: Int) -> [UInt8] {
        RandomBytes.make(count)
    }
}

extension PutRun.Result {
    var receipt: PutReceipt? { try? outcome.get() }

    var failure: ClientFailure? {
        if case .failure(let failure) = outcome { failure } else { nil }
    }
}
