import Glibc
import NIOCore
import Platform
import Synchronization

/// A file that belongs to one upload, until it is in `ready/` for good or removed.
///
/// One that arrives over time is made below `incoming/` and moved. One whose bytes are all there is made below `ready/` at once.
///
/// All methods block. An instance that is let go of removes its file, so that no path of an upload can leak a descriptor or
/// bytes; the paths that are meant to end an upload call `remove()` on the pool instead.
final class IncomingFile: Sendable {
    private struct State {
        var descriptor: Int32
        /// Nil once the file is closed.
        var writer: ChunkWriter?
        /// Whether the file is there and not yet `ready` for good.
        var isPending = true
    }

    private let directories: StagingDirectories
    /// Kept open for as long as the file is in it.
    private let receiving: ReceivingDirectory?
    /// The descriptor of the directory it is in, and its name there.
    private let place: (directory: Int32, name: String)
    private let state: Mutex<State>

    /// Creates an empty file below `incoming/`, under a new name.
    convenience init(in directories: StagingDirectories, receiving: ReceivingDirectory) throws(FilesError) {
        try self.init(directories, receiving, (receiving.descriptor, UUIDv7().description))
    }

    /// Creates an empty file below `ready/`, under its final name.
    convenience init(in directories: StagingDirectories, readyAs container: UUIDv7) throws(FilesError) {
        try self.init(directories, nil, (directories.ready, container.description))
    }

    private init(
        _ directories: StagingDirectories, _ receiving: ReceivingDirectory?, _ place: (directory: Int32, name: String)
    ) throws(FilesError) {
        self.directories = directories
        self.receiving = receiving
        self.place = place
        let descriptor = openat(place.directory, place.name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw .system("open", errno) }
        state = Mutex(State(descriptor: descriptor, writer: ChunkWriter(descriptor, buffers: directories.buffers)))
    }

    deinit {
        remove()
    }

    /// Writes the whole chunk at `offset`.
    @discardableResult
    func write(_ chunk: Chunk, at offset: Int64) throws(FilesError) -> ChunkWriter.Way {
        guard let writer = state.withLock({ $0.writer }) else { throw Self.closed }
        return try writer.write(chunk, at: offset)
    }

    /// Asks the kernel to begin writing a range to the disk, without waiting.
    /// A hint: failure is not an error, `sync` tells the truth.
    func startWriteback(from offset: Int64, count: Int64) {
        guard let descriptor = try? open() else { return }
        FileRange.startWriteback(descriptor, from: offset, count: count)
    }

    /// Makes durable what has been written so far.
    func syncWritten() throws(FilesError) {
        guard fdatasync(try open()) == 0 else { throw .system("fdatasync", errno) }
    }

    /// Makes the bytes durable and closes the file.
    func sync() throws(FilesError) {
        try syncWritten()
        closeDescriptor()
    }

    /// Gives the file its final name and place. Durable once the directory has been synced.
    func settle(as container: UUIDv7) throws(FilesError) {
        if place.directory != directories.ready {
            // The sweep goes by this time, and the row is not there yet: a part that waited for the rest of its request must not
            // look old.
            guard utimensat(place.directory, place.name, nil, AT_SYMLINK_NOFOLLOW) == 0 else { throw .system("utimensat", errno) }
            guard renameat(place.directory, place.name, directories.ready, container.description) == 0 else {
                throw .system("rename", errno)
            }
        }
        state.withLock { $0.isPending = false }
    }

    /// Closes and removes the file, if that has not happened. There is nobody to tell of a failure; the sweep looks again.
    func remove() {
        closeDescriptor()
        guard
            state.withLock({ state in
                defer { state.isPending = false }
                return state.isPending
            })
        else { return }
        unlinkat(place.directory, place.name, 0)
    }

    private func open() throws(FilesError) -> Int32 {
        let descriptor = state.withLock { $0.descriptor }
        guard descriptor >= 0 else { throw Self.closed }
        return descriptor
    }

    private func closeDescriptor() {
        let descriptor = state.withLock { state in
            defer { (state.descriptor, state.writer) = (-1, nil) }
            return state.descriptor
        }
        // The result does not matter: after `fdatasync` there is nothing left to fail, without it the file is thrown away.
        if descriptor >= 0 { close(descriptor) }
    }

    private static let closed = FilesError(.misuse, "the staged file is closed")
}
