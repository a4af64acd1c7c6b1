import Cryptography
import Logging
import Platform

/// Takes uploads over: bell, lock, fence, in this order.
///
/// Each layer does what the one before cannot. The bell ends a living writer, who notes its last bytes and leaves; the lock waits
/// for that, and is free at once where the process has died; the fence shuts out whoever has lost the lock without knowing it.
struct UploadHolds: Sendable {
    /// How long a writer that was told to end is waited for.
    private static let patience: Duration = .seconds(3)
    private static let waits: [Duration] = [.milliseconds(5), .milliseconds(10), .milliseconds(20)]
    private static let wait: Duration = .milliseconds(50)

    let store: UploadStore
    let claims: UploadClaims
    let staging: StagingArea
    let logger: Logger

    /// Takes an upload over from whoever writes to it, who is told to end, and waited for.
    ///
    /// - Parameters:
    ///   - states: those in which it may be; in others it is `.uploadEnded`.
    ///   - onEnd: runs at most once, when somebody takes it over from the caller.
    /// - Throws: `.uploadEnded`; `.uploadBusy`: the other does not leave; `.superseded`: somebody else has taken it over meanwhile;
    ///   `.storage`, `.database`.
    func hold(
        _ record: UploadRecord, in states: [UploadState] = [.open, .finishing], onEnd: @escaping @Sendable () -> Void = {}
    ) async throws(FilesError) -> UploadHold {
        guard states.contains(record.state) else { throw Self.ended }
        let (claim, isAnnounced) = await claims.claim(record.id, known: record.epoch, onEnd: onEnd)
        return try await fence(claim, states) { () async throws(FilesError) -> PartialFile in
            if !isAnnounced { _ = try await store.fence(record.id, in: states, epoch: 0) }
            return try await waitForLock(claim, isAnnounced ? nil : states)
        }
    }

    /// Takes an upload that nobody writes to. Nobody is disturbed, not even who comes meanwhile.
    ///
    /// - Throws: `.uploadEnded`; `.uploadBusy`: somebody has it; `.storage`, `.database`.
    func holdIfFree(
        _ record: UploadRecord, in states: [UploadState] = [.open, .finishing]
    ) async throws(FilesError) -> UploadHold {
        guard states.contains(record.state) else { throw Self.ended }
        // The kernel's answer comes before anybody could be disturbed.
        guard let file = try await lock(record.id) else { throw Self.busy }
        if try await removeIfUnneeded(record.id, file) { throw Self.ended }
        return try await fence(claims.enter(record.id, known: record.epoch), states) { file }
    }

    /// Takes an upload over for a moment, to see how far it has come.
    ///
    /// Who is ended by somebody else who came later waits until that one has left, and ends nobody in turn: two who look could go on
    /// ending each other, and who writes is newer than this.
    ///
    /// - Throws: `.uploadEnded`; `.uploadBusy`: somebody else has it; `.storage`, `.database`.
    func look(_ record: UploadRecord) async throws(FilesError) -> UploadHold {
        do throws(FilesError) {
            return try await hold(record)
        } catch {
            guard error.code == .superseded else { throw error }
        }
        let deadline = ContinuousClock.now + Self.patience
        var tries = 0
        while true {
            do throws(FilesError) {
                return try await holdIfFree(record)
            } catch {
                guard error.code == .uploadBusy, ContinuousClock.now < deadline else { throw error }
            }
            try await Self.pause(&tries)
        }
    }

    /// Shuts out everybody else, once the caller has the lock.
    private func fence(
        _ claim: UploadClaim, _ states: [UploadState], _ lock: () async throws(FilesError) -> PartialFile
    ) async throws(FilesError) -> UploadHold {
        do throws(FilesError) {
            return try await fence(claim, try await lock(), states)
        } catch {
            claims.leave(claim)
            throw error
        }
    }

    private func fence(_ claim: UploadClaim, _ file: PartialFile, _ states: [UploadState]) async throws(FilesError) -> UploadHold {
        guard let record = try await store.fence(claim.id, in: states, epoch: claim.number ?? 0) else {
            try await removeIfUnneeded(claim.id, file)
            throw Self.ended
        }
        claim.fenced(record.epoch)
        let hold = UploadHold(record: record, claim: claim, file: file, claims: claims, staging: staging)
        let size = try await staging.onPool { () throws(FilesError) in try file.size() }
        // Of one that has become a file nothing is left here.
        let isFile = record.state == .complete && record.kind != .part
        guard isFile || (size >= record.offset && record.chain.byteCount == record.offset) else {
            throw try await giveUp(hold, "\(size) bytes are there, \(record.chain.byteCount) are hashed")
        }
        return hold
    }

    /// Ends an upload whose bytes are gone, which only a broken disk or somebody's hand can do, and tells the operator.
    ///
    /// - Parameter sight: what was seen.
    /// - Returns: what to throw.
    func giveUp(_ hold: UploadHold, _ sight: String) async throws(FilesError) -> FilesError {
        logger.error("bytes of an upload are gone that were durable", metadata: .init([.reason: "\(hold.record): \(sight)"]))
        if try await store.kill(hold.record, failure: "upload-lost") { await hold.removeFile() }
        return FilesError(.uploadEnded, "bytes of the upload are gone that were durable")
    }

    /// - Parameter unannounced: the states in which the epoch is raised once more while this waits, because Redis tells nobody: the
    ///   other's own fence may have come after the first time.
    private func waitForLock(_ claim: UploadClaim, _ unannounced: [UploadState]?) async throws(FilesError) -> PartialFile {
        let again = ContinuousClock.now + Self.patience / 3
        var unannounced = unannounced
        let deadline = ContinuousClock.now + Self.patience
        var tries = 0
        while true {
            guard !claim.isLost else { throw FilesError(.superseded, "another request has taken the upload over") }
            if let file = try await lock(claim.id) { return file }
            guard ContinuousClock.now < deadline else { throw Self.busy }
            if let states = unannounced, ContinuousClock.now > again {
                unannounced = nil
                _ = try await store.fence(claim.id, in: states, epoch: 0)
            }
            try await Self.pause(&tries)
        }
    }

    /// Waits for whoever has the lock, a little longer each time.
    private static func pause(_ tries: inout Int) async throws(FilesError) {
        do {
            try await Task.sleep(for: tries < waits.count ? waits[tries] : wait)
        } catch {
            throw FilesError(error)
        }
        tries += 1
    }

    private func lock(_ id: UploadID) async throws(FilesError) -> PartialFile? {
        let directories = try staging.directories()
        return try await staging.onPool { () throws(FilesError) in
            if case .held(let file) = try PartialFile.lock(id, in: directories) { file } else { nil }
        }
    }

    /// To lock a file makes it, if its upload ended a moment ago.
    ///
    /// - Returns: whether nobody needs it.
    @discardableResult
    private func removeIfUnneeded(_ id: UploadID, _ file: PartialFile) async throws(FilesError) -> Bool {
        guard try await store.needed([id]).isEmpty else { return false }
        try await staging.onPool { () throws(FilesError) in file.remove() }
        return true
    }

    private static let ended = FilesError(.uploadEnded, "the upload takes no bytes any more")
    private static let busy = FilesError(.uploadBusy, "whoever writes to the upload does not answer")
}
