import CCurl

extension FTPSession {
    private struct Upload {
        let outcome: CurlOutcome
        let progress: FTPPublicationProgress
        let reply: ServerReply?
        /// The file on this machine could not be read to its end.
        let isUnreadable: Bool
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
        var failure = failure(of: upload)
        if upload.progress.step == .renaming, upload.outcome.code == CURLE_QUOTE_ERROR {
            switch replace(publication) {
            case .done: return
            case .refused: break
            case .superseded: failure = Self.superseded
            // The temporary file may be the only copy under any name, or there are two: neither is ours to delete.
            case .unknown: throw lane.isCancelled ? FTPError(.cancelled, message: "cancelled while renaming") : failure
            }
        }
        // After a cancellation nobody waits; what is left is a temporary name, which maintenance removes.
        if upload.progress.step != .opening, failure.disposition != .cancelled {
            if upload.progress.refusal != nil { lane.dropConnection() }
            _ = command(["*DELE \(publication.temporary.text)"])
        }
        throw failure
    }

    private static var superseded: FTPError { FTPError(.superseded, message: "no longer entitled to publish") }

    /// STOR, SIZE, RNFR, RNTO in one transfer.
    private func store(_ publication: FTPPublication, from file: UploadFile) -> Upload {
        var progress = FTPPublicationProgress()
        let exchange = CurlExchange()
        exchange.onReply = { progress.accept($0, of: publication) }
        exchange.controlPort = target.port
        var isUnreadable = false
        exchange.source = { [unowned exchange] space in
            let count = file.read(into: space, at: exchange.sent)
            if count == nil { isUnreadable = true }
            return count
        }
        let temporary = publication.temporary.text
        let isLarge = publication.size > 1 << 20
        let outcome = lane.perform(isLarge ? .largeUpload : .smallUpload, exchange) { options in
            target.apply(to: options)
            options.set(CURLOPT_UPLOAD, true)
            options.set(CURLOPT_UPLOAD_BUFFERSIZE, isLarge ? 256 << 10 : 64 << 10)
        } configure: { options in
            options.set(CURLOPT_URL, target.url(publication.temporary.urlPath))
            options.set(CURLOPT_INFILESIZE_LARGE, offset: publication.size)
            options.set(CURLOPT_POSTQUOTE, ["SIZE \(temporary)", "RNFR \(temporary)", "RNTO \(publication.final.text)"])
        }
        return Upload(outcome: outcome, progress: progress, reply: exchange.lastReply, isUnreadable: isUnreadable)
    }

    /// Whether STOR was refused with a code that servers use for a missing directory.
    private func lacksDirectory(_ upload: Upload) -> Bool {
        guard upload.progress.step == .opening, upload.outcome.code == CURLE_UPLOAD_FAILED, let reply = upload.reply else { return false }
        return reply.code == 550 || reply.code == 553
    }

    /// Makes every level; each may exist already. A failure shows when STOR is tried again.
    func makeDirectories(for publication: FTPPublication) {
        var paths = publication.temporary.directories(below: target.directory)
        for path in publication.final.directories(below: target.directory) where !paths.contains(path) { paths.append(path) }
        guard !paths.isEmpty else { return }
        _ = command(paths.map { "*MKD \($0.text)" })
    }

    private func failure(of upload: Upload) -> FTPError {
        // To libcurl this looks like a cancellation.
        if upload.isUnreadable { return FTPError(.retry, message: "sending the file: it cannot be read") }
        switch upload.progress.refusal {
        case .superseded: return Self.superseded
        case .wrongSize(let answer): return FTPError(.retry, message: "SIZE after the upload: the server has \(answer)")
        case nil: break
        }
        switch upload.progress.step {
        case .opening: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .storing, doing: "STOR")
        case .sending: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .data, doing: "sending the file")
        case .sizing: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .data, doing: "SIZE after the upload")
        case .renaming, .renamed: return FTPFailure.error(upload.outcome, reply: upload.reply, stage: .data, doing: "renaming")
        }
    }
}
