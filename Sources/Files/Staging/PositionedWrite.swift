import Glibc
import NIOCore

/// Writes to files at a place that the caller names (pwrite(2)).
enum PositionedWrite {
    /// Writes the whole buffer at `offset`. Blocks.
    static func write(_ buffer: ByteBuffer, to descriptor: Int32, at offset: Int64) throws(FilesError) {
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
}
