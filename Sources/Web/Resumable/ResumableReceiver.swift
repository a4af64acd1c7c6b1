import Accounts
import Cryptography
import Files
import HTTPTypes
import Hummingbird
import NIOCore
import Platform

/// Takes the body of one request into an upload.
struct ResumableReceiver {
    /// Where an upload stands after a request.
    struct Receipt {
        let record: UploadRecord
        /// What it has become, if this has ended it.
        var file: FileRecord?
    }

    let limits: UploadLimits
    /// Where what comes with digests is hashed.
    let pool: BlockingPool
    let sessions: SessionStore
    let tokens: TokenStore

    /// What the bytes of a request have to be by its head.
    ///
    /// - Parameter isWhole: whether they are the whole file, so that Repr-Digest speaks of them too.
    /// - Returns: what the body is compared with, and the SHA-256 of the file that is to come of it and others.
    /// - Throws: `APIError.digestUnsupported`, also for a digest of the file that is not SHA-256, or that is said of a part of it.
    func sums(
        of request: Request, _ checksum: UploadChecksum?, at place: DigestPlace, isWhole: Bool = false
    ) throws -> (body: BodyDigests, expected: SHA256Digest?) {
        let fields = try DigestFields(request.headers, isBodyWhole: isWhole)
        guard !fields.isUnsupported else { throw APIError.digestUnsupported(place) }
        let ofFile = isWhole ? [] : fields.members.filter { $0.field == HTTPField.Name.reprDigest.rawName }
        let expected = ofFile.first { $0.algorithm == .sha256 }.flatMap { SHA256Digest(bytes: $0.digest) }
        guard ofFile.isEmpty || (place.takesDigestOfFile && expected != nil) else { throw APIError.digestUnsupported(place) }
        let ofBody = fields.members.filter { !ofFile.contains($0) } + (checksum.map { [$0.member] } ?? [])
        return (BodyDigests(ofBody, pool: pool), expected)
    }

    /// Takes the body, and ends the upload when that was all of it. What arrived before a connection is lost is kept, unless it comes
    /// with a checksum that nobody can compare then.
    ///
    /// - Parameters:
    ///   - upload: is left in any case.
    ///   - lease: the room of an upload of unknown length.
    func receive(
        _ request: Request, _ body: UploadBody, from uploader: Uploader, into upload: ResumableUpload, sums: BodyDigests,
        lease: QuotaLease? = nil
    ) async throws -> Receipt {
        let count = try await read(request, body, from: uploader, into: upload, sums, lease)
        do {
            try await sums.verify()
        } catch {
            await upload.forget()
            throw error
        }
        // Whoever began it may have lost the right to end it (H52).
        if upload.record.length == upload.record.offset + count {
            var attendance = Attendance(uploader.credential, sessions: sessions, tokens: tokens)
            if let refusal = await attendance.refusal(isActivity: true) {
                await upload.forget()
                throw refusal
            }
        }
        let record = try await upload.settle()
        guard record.state == .finishing else { return Receipt(record: record) }
        do throws(FilesError) {
            return Receipt(record: record, file: try await upload.finish())
        } catch {
            // Of an upload an unknown outcome is no reason to look for anything: asked again, it tells.
            if error.code == .unknownOutcome { throw APIError.unavailable }
            throw error
        }
    }

    /// The bytes of a body as they come, for as long as their sender may send them.
    func bytes(of request: Request, from uploader: Uploader) -> AttendedBody {
        AttendedBody(body: request.body, credential: uploader.credential, sessions: sessions, tokens: tokens, gate: nil)
    }

    private func read(
        _ request: Request, _ body: UploadBody, from uploader: Uploader, into upload: ResumableUpload, _ sums: BodyDigests,
        _ lease: QuotaLease?
    ) async throws -> Int64 {
        var count: Int64 = 0
        do {
            for try await bytes in bytes(of: request, from: uploader) {
                try await sums.take(bytes)
                try await lease?.use(bytes: Int64(bytes.readableBytes))
                try await upload.write(bytes)
                count += Int64(bytes.readableBytes)
            }
            // A peer that goes away ends the sequence like one that is done.
            guard count == body.count ?? count else { throw APIError.cutBody }
            return count
        } catch let error as FilesError where error.code == .tooLarge {
            // Of a file that is longer than it was said to be nothing can be right (H49), unless all of it has been acknowledged.
            if upload.record.state == .open { await upload.kill("file-too-large") } else { await upload.forget() }
            throw APIError.fileTooLarge(limit: upload.record.length ?? limits.fileSize)
        } catch {
            _ = await upload.cut()
            throw error
        }
    }
}
