import Cryptography
import Platform
import Postgres

/// What happens to a batch of accepted files, in this order: bytes durable, rows committed, queue told.
struct IntakeBatch {
    let pool: PostgresPool
    let staging: StagingArea
    let announcer: Announcer

    func commit(_ batch: [FileIntake.Submission]) async -> [Result<FileRecord, any Error>] {
        let places = await staging.publish(batch.map(\.file))
        let outcomes = zip(batch, places).map { submission, place in
            place.map { place in
                var record = submission.record
                record.place = place
                return record
            }
        }
        let records = outcomes.compactMap { try? $0.get() }
        let refusal = await insert(records)
        if refusal == nil { announcer.announce(records) }
        return outcomes.map { outcome in
            if let refusal, case .success = outcome { .failure(refusal) } else { outcome.mapError { $0 } }
        }
    }

    /// - Returns: why the rows are not, or perhaps not, in the database.
    private func insert(_ records: [FileRecord]) async -> FilesError? {
        guard !records.isEmpty else { return nil }
        do throws(PostgresError) {
            _ = try await pool.execute(Self.insertion(of: records))
            return nil
        } catch {
            let error = FilesError(error)
            // With the outcome unknown the rows may be there, and bytes without a row are better than a row without bytes:
            // the sweep removes them.
            if error.code != .unknownOutcome { await staging.withdraw(records.map(\.place.container)) }
            return error
        }
    }

    private static func insertion(of records: [FileRecord]) -> SQL {
        """
        WITH added AS (
            INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset)
            SELECT * FROM unnest(
                \(records.map(\.id)), \(records.map(\.owner)), \(records.map(\.name))::text[], \(records.map(\.size)),
                \(records.map(\.contentType))::text[], \(records.map(\.sha256.bytes)), \(records.map(\.key))::text[],
                \(records.map(\.area))::text[], \(records.map(\.place.container)), \(records.map(\.place.offset)))
            RETURNING id, container)
        INSERT INTO files_outstanding (file, container) SELECT id, container FROM added
        """
    }
}
