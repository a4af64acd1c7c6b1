import Curl
import Files
import Foundation
import Jobs
import Logging
import NIOPosix
import Outbox
import Platform
import Redis
import RedisSupport
import TestSupport
import Worker

/// A Redis server of one test's own, the queues of a fixture's area in it, and the handlers.
struct QueueFixture: Sendable {
    let worker: WorkerFixture
    let server: RedisServerProcess
    let client: RedisClient
    let sweeper: Sweeper

    static func with(
        _ kind: FTPServerProcess.Kind = .vsftpd(tls: false),
        _ body: @escaping @Sendable (QueueFixture, WorkerFixture) async throws -> Void
    ) async throws {
        let server = try await RedisServerProcess.start()
        let client = try RedisClient(
            configuration: RedisConfiguration(url: ServiceURL("redis://127.0.0.1:\(server.port)")).stretched,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        try await WorkerFixture.with(kind) { worker in
            let fixture = QueueFixture(worker: worker, server: server, client: client, sweeper: worker.sweeper)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await client.run() }
                defer { group.cancelAll() }
                try await body(fixture, worker)
            }
        }
    }

    var jobs: FileJobs { FileJobs(client: client) }

    var reconcile: ReconcileHandler {
        ReconcileHandler(
            files: worker.files, relay: FileRelay(files: worker.files, jobs: jobs), sweeper: sweeper,
            auditor: QuotaAuditor(quotas: QuotaAdministration(pool: worker.pool, limits: .none)), area: worker.area)
    }

    func queue(_ name: String) throws -> RedisJobQueue {
        try RedisJobQueue(client: client, name: FileJobs.queue(name, area: worker.area))
    }

    /// How many transfers and deletions wait.
    func waiting() async throws -> [Int] {
        try await [queue(TransferFile.queue).snapshot().ready, queue(DeleteFile.queue).snapshot().ready]
    }

    /// Claims all jobs of a queue and lets them die.
    func bury(_ name: String, reason: String = "poison") async throws {
        let queue = try queue(name)
        let reply = try await queue.cycle([], want: 500, direct: 0, lease: .seconds(60))
        let failures = reply.entries.map { entry in
            Failure(member: Array("\(reply.epoch)|".utf8) + entry, verb: .dead, delay: .zero, reason: reason)
        }
        _ = try await queue.fail(failures)
    }

    /// Empties Redis.
    func flush() async throws {
        _ = try await client.send(RedisCommand("FLUSHALL"))
    }
}

extension WorkerFixture {
    /// With the default age of the settings.
    var sweeper: Sweeper {
        Sweeper(
            files: files, staging: staging, uploads: UploadSweep(pool: pool, staging: staging), replies: ReplyStore(pool: pool),
            age: .seconds(3600))
    }
    var sweepParts: SweepPartsHandler { SweepPartsHandler(ftp: ftp, age: .seconds(86_400)) }
}
