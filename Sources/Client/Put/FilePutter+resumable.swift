import Cryptography

extension FilePutter {
    /// Sends a file by tus, going on where an earlier run was ended.
    func putResumable() async throws(ClientFailure) -> PutReceipt {
        let (identity, folder) = (file.identity(at: session.account), session.configuration.stateFolder)
        let opened = try await session.onDisk { () throws(ClientFailure) in try UploadJournal.open(identity, in: folder) }
        guard let journal = opened else { throw .postponed("another process is sending it") }
        let announced = options.announcesDigest ? try await digestOfAll() : nil
        var upload = ResumableUpload(session: session, file: file, journal: journal, contentType: options.contentType, announced: announced)
        do {
            let sent = try await upload.send(progress: progress)
            return PutReceipt(id: sent.file, name: file.name, size: file.size, sha256: sent.digest.description)
        } catch {
            switch error {
            // Nothing that goes on with it can end well.
            case .refused: await upload.abandon()
            case .local where !file.isUnchanged: await upload.abandon()
            case .local, .tokenRefused, .unreachable, .postponed, .interrupted: break
            }
            throw error
        }
    }

    /// Forgets an upload whose receipt is in the log of the run. Waits for the disk.
    func forget() {
        guard file.size >= options.resumableFrom else { return }
        let identity = file.identity(at: session.account)
        if let journal = try? UploadJournal.open(identity, in: session.configuration.stateFolder) { journal.remove() }
    }
}
