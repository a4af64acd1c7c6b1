import Cryptography
import NIOCore
import Platform

/// Puts the bytes of parts together and makes files of what has all its bytes.
///
/// The file of the first part becomes that of the whole, so that a file of one large and some small parts costs little; its digest
/// goes on as well. The other parts are read, hashed and written once, and each is removed when its bytes are in.
struct UploadJoiner: Sendable {
    /// What is put together while the client waits for its answer.
    static let moment: Int64 = 64 << 20
    /// Bytes between two checkpoints.
    private static let step: Int64 = 64 << 20
    private static let piece = 1 << 20

    let holds: UploadHolds
    let completion: UploadCompletion

    private var store: UploadStore { holds.store }
    private var staging: StagingArea { holds.staging }

    /// Brings an upload that has all its bytes to its end, unless somebody is about it.
    ///
    /// - Throws: `.uploadBusy`, `.uploadEnded`: others are, or were; `.superseded`, `.stagingFull` and whatever else: to be tried again.
    func finish(_ record: UploadRecord) async throws(FilesError) {
        guard !holds.claims.isHeld(record.id) else { throw FilesError(.uploadBusy, "the upload is being ended") }
        if record.state == .joining && record.offset == 0 { try await adoptFirst(of: record) }
        let hold = try await holds.holdIfFree(record, in: [.finishing, .joining])
        let result: Result<Void, FilesError>
        do throws(FilesError) {
            let chain = hold.record.state == .joining ? try await join(hold) : hold.record.chain
            _ = try await completion.finish(hold, chain)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await hold.release()
        try result.get()
    }

    /// Gives the file of the first part the name of the whole. If there is one of that name already, that one stays.
    private func adoptFirst(of record: UploadRecord) async throws(FilesError) {
        guard let first = record.parts.first else { return }
        let directories = try staging.directories()
        try await staging.onPool { () throws(FilesError) in try PartialFile.adopt(first, as: record.id, in: directories) }
    }

    /// - Returns: the digest of all bytes.
    private func join(_ hold: UploadHold) async throws(FilesError) -> SHA256Chain {
        let record = hold.record
        let parts = try await store.parts(of: record)
        guard parts.count == record.parts.count else {
            throw try await holds.giveUp(hold, "\(parts.count) of \(record.parts.count) parts are there")
        }
        let directories = try staging.directories()
        var (offset, chain) = (record.offset, record.chain)
        var start: Int64 = 0
        for part in parts {
            let end = start + (part.length ?? 0)
            if offset < end {
                if offset == 0, try await isAdopted(part, by: hold, directories) {
                    (offset, chain) = (end, part.chain)
                } else {
                    let file = try await staging.onPool { () throws(FilesError) in try PartialFile.read(part.id, in: directories) }
                    guard let file else { throw try await holds.giveUp(hold, "the file of part \(part.id) is not there") }
                    try await copy(file, from: start, to: end, &offset, &chain, hold)
                }
                try await note(offset, chain, hold)
            }
            try await staging.onPool { () throws(FilesError) in PartialFile.remove(part.id, in: directories) }
            start = end
        }
        return chain
    }

    private func isAdopted(
        _ part: UploadRecord, by hold: UploadHold, _ directories: StagingDirectories
    ) async throws(FilesError) -> Bool {
        try await staging.onPool { () throws(FilesError) in try hold.file.isSame(as: part.id, in: directories) }
    }

    /// Appends the bytes of one part from where it was left. One that has fewer will never have more.
    private func copy(
        _ file: PartialFile, from start: Int64, to end: Int64, _ offset: inout Int64, _ chain: inout SHA256Chain, _ hold: UploadHold
    ) async throws(FilesError) {
        try await staging.checkSpace(for: end - offset)
        var noted = offset
        while offset < end {
            let (position, before, whole) = (offset, chain, hold.file)
            let count = Int(min(Int64(Self.piece), end - position))
            let (copied, after) = try await staging.onPool { () throws(FilesError) -> (Int, SHA256Chain) in
                let bytes = try file.read(at: position - start, upTo: count)
                var chain = before
                bytes.withUnsafeReadableBytes { chain.update($0) }
                var chunk = Chunk()
                chunk.append(bytes)
                try whole.write(chunk, at: position)
                return (bytes.readableBytes, chain)
            }
            guard copied > 0 else { throw try await holds.giveUp(hold, "a part ends at \(position - start) of \(end - start) bytes") }
            (offset, chain) = (position + Int64(copied), after)
            guard !hold.claim.isLost else { throw FilesError(.superseded, "another request has taken the upload over") }
            if offset - noted >= Self.step && offset < end {
                try await note(offset, chain, hold)
                noted = offset
            }
        }
    }

    private func note(_ offset: Int64, _ chain: SHA256Chain, _ hold: UploadHold) async throws(FilesError) {
        try await staging.onPool { [file = hold.file] () throws(FilesError) in try file.syncWritten() }
        let checkpoint = UploadStore.Checkpoint(fence: hold.record.fence, offset: offset, chain: chain)
        guard try await store.checkpoint(checkpoint) != nil else {
            throw FilesError(.superseded, "another request has taken the upload over")
        }
    }
}
