import Glibc
import Synchronization

/// Writes whole lines to a descriptor; lines of different threads never mix.
package final class LineOutput: Sendable {
    private let descriptor: Int32
    /// Whether a line was given up in its middle, so that the next one must begin with a line break.
    private let isTorn = Mutex(false)

    /// - Parameter descriptor: borrowed, not closed.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Waits for a slow reader when the descriptor blocks. On one that does not, waits 100 ms and then drops the rest.
    package func write(_ line: [UInt8]) {
        isTorn.withLock { isTorn in
            let bytes = isTorn ? [UInt8(ascii: "\n")] + line : line
            let written = send(bytes)
            isTorn = written < bytes.count && (written > 0 || isTorn)
        }
    }

    /// - Returns: how many bytes were taken.
    private func send(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    sent += count
                } else if errno == EAGAIN {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    guard poll(&ready, 1, 100) > 0 else { break }
                } else if errno != EINTR {
                    break
                }
            }
            return sent
        }
    }
}
