import CCurl

extension FTPSession {
    private struct Upload {
        let outcome: CurlOutcome
        let progress: FTPPublicationProgress
        let reply: ServerReply?
    }

    func publish(_ publication: FTPPublication) throws(FTPError) {
        let file = try UploadFile(path: publication.file, from: publication.offset, size: publication.size)
        var upload = store(publication, from: file)
        if upload.progress.step == .opening {
            if Self.isStale(upload.outcome, reply: upload.reply) { upload = store(publication, from: file) }
            if lacksDirectory(upload) {
                makeDirectories(for: publication)
                upload = store(publication, from: file)
            }
        }
        if upload.outcome.isSuccess, upload.progress.step == .renamed { return }
        if upload.progress.step == .renaming, upload.outcome.code == CURLE_QUOTE_ERROR, replace(publication) { return }
        let failure = failure(of: upload)
        // After a cancellation nobody waits; what is left is a temporary name, which maintenance removes.
        if upload.progress.step != .opening, failure.disposition != .cancelled {
            if upload.progress.refusal != nil { lane.dropConnection() }
            _ = command(["*DELE \(publication.temporary.text)"])
        }
        throw failure
    }

    /// STOR, SIZE, RNFR, RNTO in one transfer.
    private func store(_ publication: FTPPublication, from file: UploadFile) -> Upload {
        var progress = FTPPublicationProgress()
        let exchange = CurlExchange()
        exchange.onReply = { progress.accept($0, of: publication) }
        exchange.source = { [unowned exchange] space in file.read(into: space, at: exchange.sent) }
        let temporary = publication.temporary.text
        let outcome = lane.perform(exchange) { options in
            target.apply(to: options, urlPath: publication.temporary.urlPath)
            options.set(CURLOPT_UPLOAD, true)
            options.set(CURLOPT_INFILESIZE_LARGE, offset: publication.size)
            options.set(CURLOPT_UPLOAD_BUFFERSIZE, publication.size > 1 << 20 ? 256 << 10 : 64 << 10)
            options.set(CURLOPT_POSTQUOTE, ["SIZE \(temporary)", "RNFR \(temporary)", "RNTO \(publication.final.text)"])
        }
        return Upload(outcome: outcome, progress: progress, reply: exchange.lastReply)
    }

    /// Whether STOR was refused with a code that servers use for a missing directory.
    private func lacksDirectory(_ upload: Upload) -> Bool {
        guard upload.progress.step == .opening, upload.outcome.code == CURLE_UPLOAD_FAILED, let reply = upload.reply else { return false }
        return reply.code == 550 || reply.code == 553
    }

    /// Makes every level; each may exist already. A failure shows when STOR is tried again.
    private func makeDirectories(for publication: FTPPublication) {
        var paths = publication.temporary.directories(below: target.directory)
        for path in publication.final.directories(below: target.directory) where !paths.contains(path) { paths.append(path) }
        guard !paths.isEmpty else { return }
        _ = command(paths.map { "*MKD \($0.text)" })
    }

    /// The rename was refused: the directory of the key may be missing, or the server may not rename over a file that
    /// an earlier attempt has left there. The temporary file is known to be complete.
    ///
    /// - Returns: whether the file has its final name now.
    private func replace(_ publication: FTPPublication) -> Bool {
        guard publication.isCurrent() else { return false }
        makeDirectories(for: publication)
        let final = publication.final.text
        let rename = ["RNFR \(publication.temporary.text)", "RNTO \(final)"]
        var isTemporaryThere = false
        let result = command(rename) { reply in
            if reply.code == 350 { isTemporaryThere = true }
            return true
        }
        if result.outcome.isSuccess { return true }
        // Without the temporary file a later attempt has taken over, and what has the final name is its only copy.
        return isTemporaryThere && command(["*DELE \(final)"] + rename).outcome.isSuccess
    }

    private func failure(of upload: Upload) -> FTPError {
        switch upload.progress.refusal {
        case .superseded: return FTPError(.superseded, message: "no longer entitled to publish")
        case .wrongSize(let answer): return FTPError(.retry, message: "SIZE after the upload: the server has \(answer)")
        case nil: break
        }
        switch upload.progress.step {
        case .opening: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .command, doing: "STOR")
        case .sending: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .data, doing: "sending the file")
        case .sizing: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .data, doing: "SIZE after the upload")
        case .renaming, .renamed: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .data, doing: "renaming")
        }
    }
}
