import Glibc
import NIOCore
import Platform
import Synchronization

/// A file below `incoming/` that belongs to one upload, until it is moved to `ready/` or removed.
///
/// All methods block. An instance that is let go of removes its file, so that no path of an upload can leak a descriptor or
/// bytes; the paths that are meant to end an upload call `remove()` on the pool instead.
final class IncomingFile: Sendable {
    private struct State {
        var descriptor: Int32
        var exists = true
    }

    private let directories: StagingDirectories
    private let name: String
    private let state: Mutex<State>

    /// Creates an empty file under a new name.
    init(in directories: StagingDirectories) throws(FilesError) {
        self.directories = directories
        name = UUIDv7().description
        let descriptor = openat(directories.incoming, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw .system("open", errno) }
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        remove()
    }

    /// Writes the whole buffer at `offset`.
    func write(_ buffer: ByteBuffer, at offset: Int64) throws(FilesError) {
        let descriptor = try open()
        let failure: FilesError? = buffer.withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress else { return nil }
            var done = 0
            while done < bytes.count {
                let count = pwrite(descriptor, start + done, bytes.count - done, off_t(offset) + off_t(done))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return .system("write", count < 0 ? errno : EIO) }
                done += count
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Asks the kernel to begin writing a range to the disk, without waiting; a length of 0 means up to the end.
    /// A hint: failure is not an error, `sync` tells the truth.
    func startWriteback(from offset: Int64, count: Int64) {
        guard let descriptor = try? open() else { return }
        Writeback.start(descriptor, from: offset, count: count)
    }

    /// Makes the bytes durable and closes the file.
    func sync() throws(FilesError) {
        let descriptor = try open()
        guard fdatasync(descriptor) == 0 else { throw .system("fdatasync", errno) }
        closeDescriptor()
    }

    /// Moves the file to its final name. Durable once the directory has been synced.
    func move(to id: FileID) throws(FilesError) {
        guard renameat(directories.incoming, name, directories.ready, id.description) == 0 else { throw .system("rename", errno) }
        state.withLock { $0.exists = false }
    }

    /// Closes and removes the file, if that has not happened. There is nobody to tell of a failure; the sweep looks again.
    func remove() {
        closeDescriptor()
        guard
            state.withLock({ state in
                defer { state.exists = false }
                return state.exists
            })
        else { return }
        unlinkat(directories.incoming, name, 0)
    }

    private func open() throws(FilesError) -> Int32 {
        let descriptor = state.withLock { $0.descriptor }
        guard descriptor >= 0 else { throw FilesError(.misuse, "the staged file is closed") }
        return descriptor
    }

    private func closeDescriptor() {
        let descriptor = state.withLock { state in
            defer { state.descriptor = -1 }
            return state.descriptor
        }
        // The result does not matter: after `fdatasync` there is nothing left to fail, without it the file is thrown away.
        if descriptor >= 0 { close(descriptor) }
    }
}
