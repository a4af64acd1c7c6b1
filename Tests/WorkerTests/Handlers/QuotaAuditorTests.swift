import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing
import Worker

@Suite("Quota auditor", .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct QuotaAuditorTests {
    @Test("what was counted wrong is mended, told and counted; the rest is left, and the next look is an hour away")
    func audit() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let (registry, log) = (PrometheusRegistry(), LogRecord())
            for owner in 1...250 as ClosedRange<Int64> {
                try await pool.execute(
                    "INSERT INTO file_usage (owner_id, bytes, files) VALUES (\(owner), \(owner == 1 || owner == 150 ? 7 : 0), 0)")
            }
            let quotas = QuotaAdministration(pool: pool, limits: .none)
            await QuotaAuditor(quotas: quotas, metrics: registry).auditIfDue(log.logger)
            #expect(log.lines.isEmpty, "it was not due")
            let auditor = QuotaAuditor(quotas: quotas, delay: .zero, metrics: registry)
            for _ in 0..<2 { await auditor.auditIfDue(log.logger) }
            #expect(log.lines.count == 1 && log.holds("bytes 7 -> 0") && log.holds("user: 1"))
            #expect(String(decoding: registry.render(), as: UTF8.self).contains("sluice_quota_drift_total 1\n"))
            #expect(try await quotas.find(UserID(rawValue: 1))?.bytes == 0)
            #expect(try await quotas.find(UserID(rawValue: 150))?.bytes == 7, "100 users a look")
        }
    }

    @Test("without a database it says so, and goes on another time")
    func away() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let log = LogRecord()
            let auditor = QuotaAuditor(quotas: QuotaAdministration(pool: pool, limits: .none), delay: .zero)
            await pool.close()
            await auditor.auditIfDue(log.logger)
            #expect(log.holds("quotas not counted again"))
        }
    }
}
