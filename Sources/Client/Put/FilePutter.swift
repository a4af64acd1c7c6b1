import Cryptography
import Curl

/// Sends one file.
struct FilePutter: Sendable {
    let session: ClientSession
    let options: PutOptions
    let file: LocalFile
    /// Sent with a file that goes in one request: however often that is repeated, it is one file.
    let key: String
    let progress: FileProgress

    func put() async throws(ClientFailure) -> PutReceipt {
        do {
            return try await file.size < options.resumableFrom ? putWhole() : putResumable()
        } catch {
            if case .local = error, !file.isUnchanged { throw .local("changed while it was sent") }
            throw error
        }
    }

    private func putWhole() async throws(ClientFailure) -> PutReceipt {
        let digest = try await digestOfAll()
        let request = HTTPRequest(
            .put, RemoteFiles.path + "/" + URLText.encode(file.name),
            fields: [
                (name: "Content-Type", value: options.contentType), (name: "Idempotency-Key", value: "\"\(key)\""),
                (name: "Repr-Digest", value: ReprDigest.field(digest)),
            ], body: file.body(progress: progress))
        var plan = session.caller.plan()
        var tries = 1
        while true {
            let reply = try await session.caller.call(request, handling: [400], plan: &plan)
            if reply.isSuccess { return try await receipt(reply, digest) }
            let problem = Problem(reply)
            if problem.isDamage, !file.isUnchanged { throw .local("changed while it was sent") }
            guard problem.isDamage, tries < ReprDigest.maximumTries else { throw .refused(problem) }
            tries += 1
            try await session.caller.wait(after: .lost(problem.sentence), &plan)
        }
    }

    private func receipt(_ reply: HTTPReply, _ digest: SHA256Digest) async throws(ClientFailure) -> PutReceipt {
        struct Answer: Decodable {
            let files: [RemoteFile]
        }
        let answer: Answer = try RemoteFiles.decode(reply)
        guard let remote = answer.files.first else {
            throw .refused(Problem(status: reply.status, type: "about:blank", title: "an answer without a file"))
        }
        guard remote.sha256 == digest.description else {
            throw .refused(try await withdraw(remote.id) ? ReprDigest.damaged : ReprDigest.left(remote.id))
        }
        return PutReceipt(id: remote.id, name: remote.name, size: remote.size, sha256: remote.sha256)
    }

    /// Deletes what arrived damaged. It is not sent again: under this key the answer would be the same.
    ///
    /// - Returns: false when the token may not.
    private func withdraw(_ id: String) async throws(ClientFailure) -> Bool {
        var plan = session.caller.plan()
        let request = HTTPRequest(.delete, RemoteFiles.path + "/" + URLText.encode(id))
        return try await session.caller.call(request, handling: [403, 404], plan: &plan).status != 403
    }

    func digestOfAll() async throws(ClientFailure) -> SHA256Digest {
        let digest = SendingDigest()
        try await session.catchUp(digest, with: file, to: file.size)
        let isUnchanged = try await session.onDisk { [file] in file.isUnchanged }
        guard isUnchanged, let result = digest.finish() else { throw .local("changed while it was read") }
        return result
    }
}

extension LocalFile {
    /// The bytes from an offset on. They end with a failure if the file has changed meanwhile: what is complete at the server was one
    /// state of the file.
    ///
    /// - Parameters:
    ///   - digest: takes the bytes as they go.
    ///   - progress: is told of them.
    func body(from start: Int64 = 0, digest: SendingDigest? = nil, progress: FileProgress) -> HTTPBody {
        HTTPBody(length: size - start) { [self] buffer, offset in
            let position = start + offset
            guard let count = read(into: buffer, at: position), count > 0 else { return nil }
            if position + Int64(count) >= size, !isUnchanged { return nil }
            digest?.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: position)
            progress.reached(position + Int64(count))
            return count
        }
    }
}
