import Accounts
import Files
import Hummingbird
import NIOCore

/// Takes the body of one request into an upload.
struct ResumableReceiver {
    /// Where an upload stands after a request.
    struct Receipt {
        let record: UploadRecord
        /// What it has become, if this has ended it.
        var file: FileRecord?
    }

    let limits: UploadLimits
    let sessions: SessionStore
    let tokens: TokenStore

    /// Takes the body, and ends the upload when that was all of it. What arrived before a connection is lost is kept, unless it comes
    /// with a checksum that nobody can compare then.
    ///
    /// - Parameter upload: is left in any case.
    func receive(
        _ request: Request, _ body: UploadBody, from uploader: Uploader, into upload: ResumableUpload, checksum: UploadChecksum?
    ) async throws -> Receipt {
        let sum = checksum.map(BodyChecksum.init)
        let count = try await read(request, body, from: uploader, into: upload, sum)
        if let sum, !sum.isRight() {
            await upload.forget()
            throw APIError.checksumMismatch
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
        _ request: Request, _ body: UploadBody, from uploader: Uploader, into upload: ResumableUpload, _ sum: BodyChecksum?
    ) async throws -> Int64 {
        var count: Int64 = 0
        do {
            for try await bytes in bytes(of: request, from: uploader) {
                sum?.update(bytes)
                try await upload.write(bytes)
                count += Int64(bytes.readableBytes)
            }
            // A peer that goes away ends the sequence like one that is done.
            guard count == body.count ?? count else { throw APIError.cutBody }
            return count
        } catch let error as FilesError where error.code == .tooLarge {
            // Of a file that is longer than it was said to be nothing can be right (H49).
            await upload.kill("file-too-large")
            throw APIError.fileTooLarge(limit: upload.record.length ?? limits.fileSize)
        } catch {
            _ = await upload.cut()
            throw error
        }
    }
}
