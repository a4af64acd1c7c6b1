import Cryptography
import Logging
import NIOCore
import Platform

/// Makes a file of an upload whose bytes are all there.
struct UploadCompletion: Sendable {
    let store: UploadStore
    let staging: StagingArea
    let intake: FileIntake
    let inspection: UploadInspection?
    /// How long what became of an upload is told.
    let lifetime: Duration
    let logger: Logger

    /// - Parameter hold: stays the caller's to release.
    /// - Throws: `.digestMismatch`, `.quotaExceeded`, `.refused`: the upload is dead and its bytes are gone. `.superseded`,
    ///   `.unknownOutcome` and whatever else: its bytes stay.
    func finish(_ hold: UploadHold, _ chain: SHA256Chain) async throws(FilesError) -> FileRecord {
        let record = hold.record
        let digest = chain.finished()
        guard record.expected ?? digest == digest else {
            await kill(hold, "digest-mismatch")
            throw FilesError(.digestMismatch, "the bytes do not have the digest that was announced")
        }
        // To make a shorter file of it would throw the rest away.
        guard record.length ?? chain.byteCount == chain.byteCount else {
            throw FilesError(.storage, "the bytes of an upload are not all accounted for")
        }
        do throws(FilesError) {
            let name = try name(of: record)
            try await look(at: hold, as: name)
            let file = ReceivedFile(id: FileID(), size: chain.byteCount, sha256: digest, content: .partial(hold.file))
            let member = intake.member(file, owner: record.owner, name: name, contentType: record.contentType)
            let files = try await intake.accept(IntakeGroup([member], upload: record.fence, lifetime: lifetime))
            await hold.removeFile()
            return files[0]
        } catch {
            if error.code == .quotaExceeded { await kill(hold, "quota-exceeded") }
            throw error
        }
    }

    private func look(at hold: UploadHold, as name: FileName) async throws(FilesError) {
        guard let inspection else { return }
        let file = hold.file
        let head = try await staging.onPool { () throws(FilesError) in try file.read(at: 0, upTo: inspection.headLimit) }
        do throws(FilesError) {
            try await inspection.inspect(Array(head.readableBytesView), as: name)
        } catch {
            if let refusal = error.underlying as? any ContentRefusal { await kill(hold, refusal.failure) }
            throw error
        }
    }

    /// Makes a file that came with the creation of its upload, and the upload's row with it.
    ///
    /// - Throws: `.digestMismatch`, and what `FileIntake.accept` throws: nothing of the file remains, but for `.unknownOutcome`.
    func accept(
        _ file: ReceivedFile, of draft: UploadDraft, lease: QuotaLease?, reply: ReplyCompletion?
    ) async throws(FilesError) -> FileRecord {
        let group: IntakeGroup
        do throws(FilesError) {
            guard draft.expected ?? file.sha256 == file.sha256 else {
                throw FilesError(.digestMismatch, "the bytes do not have the digest that was announced")
            }
            guard let name = draft.name else { throw FilesError(.misuse, "a part becomes no file of its own") }
            let member = intake.member(file, owner: draft.owner, name: try FileName(cleaning: name), contentType: draft.contentType)
            group = IntakeGroup(
                [member], reply: reply, lease: lease, creation: draft.of(length: file.size), lifetime: lifetime)
        } catch {
            await staging.discard(file)
            throw error
        }
        return try await intake.accept(group)[0]
    }

    /// Gives an upload up for good.
    func kill(_ hold: UploadHold, _ failure: String) async {
        do throws(FilesError) {
            if try await store.kill(hold.record, failure: failure) { await hold.removeFile() }
        } catch {
            // It stays as it is: whoever asks next comes to the same end, or it expires.
            logger.warning("an upload was not given up", metadata: .init([.error: "\(error)", .reason: "\(failure)"]))
        }
    }

    private func name(of record: UploadRecord) throws(FilesError) -> FileName {
        guard let name = record.name else { throw FilesError(.misuse, "a part becomes no file of its own") }
        return try FileName(cleaning: name)
    }
}
