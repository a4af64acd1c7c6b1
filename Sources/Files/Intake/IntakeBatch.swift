import Platform
import Postgres

/// What happens to a batch of accepted files, in this order: bytes durable, rows committed, queue told.
struct IntakeBatch {
    let pool: PostgresPool
    let staging: StagingArea
    let announcer: Announcer
    /// For owners who have none of their own.
    let limits: QuotaLimits
    /// Is told what owners with a quota take now.
    let quotas: QuotaKeeper?

    /// - Returns: for each group its rows, or why it is refused; then nothing of its bytes remains.
    func commit(_ batch: [IntakeGroup]) async -> [Result<[FileRecord], any Error>] {
        var results = await publish(batch)
        let placed = results.compactMap { try? $0.get() }
        var refusals = await addRows(of: placed)[...]
        var accepted: [FileRecord] = []
        for index in results.indices {
            guard case .success(let group) = results[index] else { continue }
            if let refusal = refusals.removeFirst() {
                results[index] = .failure(refusal)
            } else {
                accepted += group.records
            }
        }
        // Once for all: the queue is slower at a file at a time than intake is at accepting them.
        announcer.settle(batch.count, accepted: accepted)
        return results.map { $0.map(\.records).mapError { $0 } }
    }

    private func publish(_ batch: [IntakeGroup]) async -> [Result<IntakeGroup, FilesError>] {
        var places = await staging.publish(batch.flatMap { $0.members.map(\.file) })[...]
        var orphans: [StagedPlace] = []
        var kept: [StagedPlace] = []
        let results = batch.map { group in
            let own = places.prefix(group.members.count)
            places = places.dropFirst(group.members.count)
            let found = own.compactMap { try? $0.get() }
            let result = Result { () throws(FilesError) in
                for place in own { _ = try place.get() }
                return group.placed(at: found)
            }
            if case .success = result { kept += found } else { orphans += found }
            return result
        }
        await withdraw(orphans, keeping: kept)
        return results
    }

    /// - Returns: for each group why its rows are not, or perhaps not, in the database.
    private func addRows(of groups: [IntakeGroup]) async -> [FilesError?] {
        guard !groups.isEmpty else { return [] }
        var refusals: [FilesError?]
        do {
            refusals = try await insert(groups)
        } catch {
            refusals = groups.map { _ in FilesError(error) }
        }
        // With the outcome unknown the rows may be there, and bytes without a row are better than a row without bytes:
        // the sweep removes them.
        let outcomes = zip(groups, refusals)
        let orphans = outcomes.filter { $1 != nil && $1?.code != .unknownOutcome }.flatMap(\.0.records)
        let kept = outcomes.filter { $1 == nil || $1?.code == .unknownOutcome }.flatMap(\.0.records)
        await withdraw(orphans.map(\.place), keeping: kept.map(\.place))
        return refusals
    }

    /// Files of which nothing else has to be true cost one statement. The transaction, which looks before it inserts, is for the
    /// others, and for those whom the statement leaves out because they have a quota.
    private func insert(_ groups: [IntakeGroup]) async throws -> [FilesError?] {
        guard limits == .none, groups.allSatisfy(\.isPlain) else { return try await transact(groups) }
        let inserted = Set(
            try await pool.query(FileInsertion.unmetered(groups.flatMap(\.records))).map { try $0.decode(at: 0, as: FileID.self) })
        let rest = groups.indices.filter { !inserted.contains(groups[$0].records[0].id) }
        guard !rest.isEmpty else { return groups.map { _ in nil } }
        var refusals: [FilesError?] = groups.map { _ in nil }
        let outcome: [FilesError?]
        do {
            outcome = try await transact(rest.map { groups[$0] })
        } catch {
            // The others are in the database all the same.
            outcome = rest.map { _ in FilesError(error) }
        }
        for (index, refusal) in zip(rest, outcome) { refusals[index] = refusal }
        return refusals
    }

    private func transact(_ groups: [IntakeGroup]) async throws -> [FilesError?] {
        let outcome = try await IntakeTransaction(pool: pool, limits: limits).commit(groups)
        let accepted = zip(groups, outcome.refusals).filter { $1 == nil }.map(\.0)
        for (owner, use) in outcome.usage { quotas?.settle(owner, use, by: accepted.filter { $0.owner == owner }) }
        return outcome.refusals
    }

    private func withdraw(_ orphans: [StagedPlace], keeping kept: [StagedPlace]) async {
        let containers = Set(orphans.map(\.container)).subtracting(kept.map(\.container))
        if !containers.isEmpty { await staging.withdraw(Array(containers)) }
    }
}
