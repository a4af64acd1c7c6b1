import Files
import NIOCore

/// Somebody who looks at the bytes of a file while they arrive, and may refuse it.
protocol UploadWatcher: Sendable {
    /// Looks at bytes before they are written.
    func take(_ bytes: ByteBuffer) async throws
    /// All bytes have come.
    func finish() async throws
    /// The file is not wanted any more; nothing else follows.
    func discard() async
}

/// One file while it arrives: its bytes, and those who watch them.
struct IncomingUpload: Sendable {
    private let upload: StagedUpload
    private let watchers: [any UploadWatcher]

    init(_ upload: StagedUpload, watchers: [any UploadWatcher] = []) {
        self.upload = upload
        self.watchers = watchers
    }

    /// The bytes taken so far.
    var count: Int64 { upload.count }

    /// Takes the next bytes; see `StagedUpload.write`. After an error call `discard()`.
    func write(_ bytes: ByteBuffer) async throws {
        for watcher in watchers { try await watcher.take(bytes) }
        try await upload.write(bytes)
    }

    /// Ends the upload. After an error call `discard()`.
    func finish() async throws -> ReceivedFile {
        for watcher in watchers { try await watcher.finish() }
        return try await upload.finish()
    }

    /// Removes what has arrived.
    func discard() async {
        await upload.discard()
        for watcher in watchers { await watcher.discard() }
    }
}
