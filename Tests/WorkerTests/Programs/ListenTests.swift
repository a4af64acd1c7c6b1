import Files
import Foundation
import NIOCore
import NIOPosix
import Platform
import TestSupport
import Testing

/// Programs whose ports are taken.
@Suite("Taken ports")
struct ListenTests {
    @Test(
        "a program that cannot listen where it was told to ends, and names the setting",
        arguments: [("Web", "SLUICE_LISTEN"), ("Web", "SLUICE_WEB_PROBE"), ("Worker", "SLUICE_WORKER_PROBE")])
    func taken(name: String, setting: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-listen-\(UUIDv7())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let threads = BlockingPool(name: "files", size: 1)
        try StagingArea(configuration: StagingConfiguration(root: folder, areaID: "default"), pool: threads).prepare()
        await threads.shutDown()
        let holder = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(holder.localAddress?.port)
        let environment = [
            "SLUICE_DATABASE_URL": "postgres://u:p@127.0.0.1:1/d", "SLUICE_REDIS_URL": "redis://127.0.0.1:1",
            "SLUICE_FTP_URL": "ftp://u:p@127.0.0.1:1", "SLUICE_STAGING": folder, "SLUICE_PUBLIC_ADDRESS": "http://127.0.0.1",
            "SLUICE_SIGN_IN_KEY": String(repeating: "k", count: 32), "SLUICE_LISTEN": "127.0.0.1:0", "SLUICE_WEB_PROBE": "127.0.0.1:0",
            "SLUICE_WORKER_PROBE": "127.0.0.1:0",
        ]
        let program = try await Program.run(
            name, name == "Worker" ? ["--queue", "transfer=1"] : [], environment: environment.merging([setting: "127.0.0.1:\(port)"]) { $1 }
        )
        let said = program.output + program.errors
        #expect(program.status == 1)
        #expect(said.contains("cannot listen on 127.0.0.1:\(port), as \(setting) says") && said.contains("errno: 98"), "\(said)")
        try await holder.close()
    }
}
