import Files
import Hummingbird
import NIOCore

/// Streams the file parts of one multipart request into the staging area.
///
/// Nothing is accepted here. The caller gets all received files once the whole request has been read and found well
/// formed; on every other way out their bytes are removed.
struct MultipartReceiver {
    /// A part whose bytes are complete in the staging area, or the reason why they are not wanted.
    enum Part {
        case received(ReceivedFile, name: FileName, contentType: String)
        case refused(name: String?, APIError)
    }

    private enum Current {
        case none
        case file(IncomingUpload, name: FileName, contentType: String)
        /// The field that opens the gate.
        case token([UInt8])
        /// A form field, or a file that has been refused: its bytes are thrown away.
        case skipped
    }

    private static let tokenLimit = 256

    private let staging: StagingArea
    private let limits: UploadLimits
    private let types: TypeGuard
    /// The room for all files of the request.
    private let lease: QuotaLease
    private var parser: MultipartParser
    /// Nil where no token is asked for.
    private let gate: FormGate?
    private var current = Current.none
    private var skipped: Int64 = 0
    /// The last boundary has been seen. What follows counts as thrown away, so that it cannot go on for ever (H8, H12).
    private var isFinished = false
    /// In the order of the request. When reading stopped early the last one is a refusal that stands for all that follow.
    private(set) var parts: [Part] = []

    /// - Parameter gate: asked for the field `csrf`, without which no file is taken.
    init(
        boundary: MultipartBoundary, staging: StagingArea, limits: UploadLimits, types: TypeGuard, lease: QuotaLease, gate: FormGate? = nil
    ) {
        self.staging = staging
        self.limits = limits
        self.types = types
        self.lease = lease
        self.gate = gate
        var multipart = MultipartLimits()
        multipart.parts = limits.parts
        parser = MultipartParser(boundary: boundary, limits: multipart)
    }

    /// Reads the body to its end, or up to where what is left of it would only be thrown away.
    ///
    /// - Throws: `MultipartError` for a malformed or cut body, `FilesError`, or what reading the connection throws. What had
    ///   been received is removed first.
    mutating func receive(_ body: RequestBody) async throws {
        do {
            for try await bytes in body {
                if isFinished { skipped += Int64(bytes.readableBytes) }
                parser.feed(bytes)
                guard try await advance() else { return }
            }
            try parser.end()
        } catch {
            await discard()
            throw error
        }
    }

    /// Removes everything that was received.
    mutating func discard() async {
        if case .file(let upload, _, _) = current { await upload.discard() }
        current = .none
        for case .received(let file, _, _) in parts { await staging.discard(file) }
        parts = []
    }

    /// - Returns: whether to go on reading.
    private mutating func advance() async throws -> Bool {
        while let event = try parser.next() {
            switch event {
            case .partBegan(let headers): try await begin(headers)
            case .body(let bytes): try await take(bytes)
            case .partEnded: try await end()
            case .finished: isFinished = true
            }
            if skipped > limits.skip { break }
        }
        guard skipped > limits.skip else { return true }
        current = .none
        if !isFinished { refuse(nil, .partsNotRead(limit: limits.skip)) }
        return false
    }

    private mutating func begin(_ headers: MultipartHeaders) async throws {
        current = .skipped
        // Browsers send an empty name where no file was chosen.
        guard let given = headers.filename, !given.isEmpty else {
            if !isOpen, headers.filename == nil, headers.name == "csrf" { current = .token([]) }
            return
        }
        guard isOpen else { throw APIError.forged }
        let name: FileName
        do {
            name = try FileName(cleaning: given)
        } catch {
            return refuse(nil, APIError(error))
        }
        do throws(APIError) { try types.check(name) } catch { return refuse(name.value, error) }
        let room: QuotaWatcher
        do {
            room = try await QuotaWatcher.begin(lease)
        } catch let error as FilesError where error.code == .quotaExceeded {
            return refuse(name.value, APIError(error))
        }
        let upload = IncomingUpload(try await staging.makeUpload(limit: limits.fileSize), watchers: types.watchers(of: name) + [room])
        current = .file(upload, name: name, contentType: headers.contentType?.description ?? UploadHandlers.defaultType)
    }

    private mutating func take(_ bytes: ByteBuffer) async throws {
        if case .token(let begun) = current {
            guard begun.count + bytes.readableBytes <= Self.tokenLimit else { throw APIError.forged }
            current = .token(begun + bytes.readableBytesView)
            return
        }
        guard case .file(let upload, let name, _) = current else {
            skipped += Int64(bytes.readableBytes)
            return
        }
        do {
            try await upload.write(bytes)
        } catch let error as FilesError where error.code == .tooLarge {
            await upload.discard()
            refuse(name.value, .fileTooLarge(limit: limits.fileSize))
            current = .skipped
        } catch let error as APIError {
            await upload.discard()
            refuse(name.value, error)
            current = .skipped
        } catch let error as FilesError where error.code == .quotaExceeded {
            await upload.discard()
            refuse(name.value, APIError(error))
            current = .skipped
        }
    }

    private mutating func end() async throws {
        switch current {
        case .file(let upload, let name, let contentType):
            do {
                parts.append(.received(try await upload.finish(), name: name, contentType: contentType))
            } catch let error as APIError {
                await upload.discard()
                refuse(name.value, error)
            }
        case .token(let token):
            try gate?.open(with: String(decoding: token, as: UTF8.self))
        case .none, .skipped: break
        }
        current = .none
    }

    private var isOpen: Bool { gate?.isOpen ?? true }

    private mutating func refuse(_ name: String?, _ error: APIError) {
        parts.append(.refused(name: name, error))
    }
}
