import Cryptography
import Platform
import Postgres

/// What happens to a batch of accepted files, in this order: bytes durable, rows committed, queue told.
struct IntakeBatch {
    let pool: PostgresPool
    let staging: StagingArea
    let announcer: Announcer

    func commit(_ batch: [FileIntake.Submission]) async -> [Result<FileRecord, any Error>] {
        let problems = await staging.publish(batch.map(\.file))
        let published = zip(batch, problems).filter { $0.1 == nil }.map(\.0)
        let refusal = await insert(published)
        if refusal == nil { announcer.announce(published.map(\.record)) }
        return zip(batch, problems).map { submission, problem in
            if let error = problem ?? refusal { .failure(error) } else { .success(submission.record) }
        }
    }

    /// - Returns: why the rows are not, or perhaps not, in the database.
    private func insert(_ batch: [FileIntake.Submission]) async -> FilesError? {
        guard !batch.isEmpty else { return nil }
        do throws(PostgresError) {
            _ = try await pool.execute(Self.insertion(of: batch.map(\.record)))
            return nil
        } catch {
            let error = FilesError(error)
            // With the outcome unknown the rows may be there, and bytes without a row are better than a row without bytes:
            // the sweep removes them.
            if error.code != .unknownOutcome { await staging.withdraw(batch.map(\.file)) }
            return error
        }
    }

    private static func insertion(of records: [FileRecord]) -> SQL {
        """
        WITH added AS (
            INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area)
            SELECT * FROM unnest(
                \(records.map(\.id)), \(records.map(\.owner)), \(records.map(\.name))::text[], \(records.map(\.size)),
                \(records.map(\.contentType))::text[], \(records.map(\.sha256.bytes)), \(records.map(\.key))::text[],
                \(records.map(\.area))::text[])
            RETURNING id)
        INSERT INTO files_outstanding (file) SELECT id FROM added
        """
    }
}
