import Glibc
import Synchronization

/// Writes whole lines to a descriptor, in order; lines of different threads never mix.
///
/// Nobody waits for a reader that stands still. What the descriptor has no room for stays in memory, and a thread hands it on. When
/// that is as much as may be, the newest lines are dropped, because the first ones of a fault tell more than those behind them; once
/// there is room again, a line in their place says how many they were. (The policy that spdlog calls `discard_new`, with the report of
/// slog-async's `DropAndReport`.) As long as there is room, a line is written before the call returns, so that a process that is
/// killed or traps has said what led to it.
package final class LineOutput: Sendable {
    private struct State {
        /// Not yet taken by the thread; empty while there is none.
        var waiting: [UInt8] = []
        /// How many bytes the thread is writing.
        var underWay = 0
        /// Lines that were to come behind `waiting`.
        var dropped = 0
        /// Whether a line was given up in its middle, so that the next one must begin with a line break.
        var isTorn = false
        /// Whether there is a thread that writes.
        var isDraining = false
    }

    /// A pipe that has room takes this much at once (pipe(7), `PIPE_BUF`), so the write does not block, unless another process fills
    /// the same pipe in between.
    private static let piece = 4096
    private static let newline = UInt8(ascii: "\n")

    private let descriptor: Int32
    private let limit: Int
    private let report: @Sendable (Int) -> [UInt8]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - descriptor: borrowed, not closed.
    ///   - limit: bytes that wait at most.
    ///   - report: the line that says how many were dropped.
    package init(descriptor: Int32, limit: Int = 1 << 20, report: @escaping @Sendable (Int) -> [UInt8]) {
        self.descriptor = descriptor
        self.limit = limit
        self.report = report
    }

    /// Writes a line, keeps it for later, or drops it. Does not wait for a reader.
    package func write(_ line: [UInt8]) {
        let isFull = state.withLock { state in
            guard !state.isDraining else {
                keep(line, &state)
                return false
            }
            let bytes = (state.isTorn ? [Self.newline] : []) + (state.dropped > 0 ? report(state.dropped) : []) + line
            let (sent, hasFailed) = send(bytes, waiting: 0)
            if hasFailed {
                state.dropped += 1
                if sent > 0 { state.isTorn = bytes[sent - 1] != Self.newline }
                return false
            }
            state.dropped = 0
            state.isTorn = false
            state.waiting = Array(bytes[sent...])
            state.isDraining = sent < bytes.count
            return state.isDraining
        }
        if isFull { NamedThread.start(name: "log") { [self] in drain() } }
    }

    /// Waits until nothing is left to write, at most for `limit`. For the end of a process: blocks the thread.
    package func flush(within limit: Duration) {
        let end = ContinuousClock.now + limit
        while state.withLock({ $0.isDraining }), ContinuousClock.now < end { usleep(1000) }
    }

    private func keep(_ line: [UInt8], _ state: inout State) {
        // Once one was dropped, all are until the thread comes for more: the gap is in one place.
        if state.dropped == 0, state.waiting.count + state.underWay + line.count <= limit {
            state.waiting += line
        } else {
            state.dropped += 1
        }
    }

    private func drain() {
        while let bytes = state.withLock({ takeAll(&$0) }) {
            let (sent, hasFailed) = send(bytes, waiting: -1)
            guard hasFailed else { continue }
            state.withLock { state in
                state.dropped += (bytes[sent...] + state.waiting).count { $0 == Self.newline }
                state.waiting = []
                state.underWay = 0
                state.isTorn = sent > 0 && bytes[sent - 1] != Self.newline
                state.isDraining = false
            }
            return
        }
    }

    /// Everything there is to write; nil ends the thread.
    private func takeAll(_ state: inout State) -> [UInt8]? {
        let bytes = state.waiting + (state.dropped > 0 ? report(state.dropped) : [])
        state.waiting = []
        state.dropped = 0
        state.underWay = bytes.count
        state.isDraining = !bytes.isEmpty
        return bytes.isEmpty ? nil : bytes
    }

    /// - Parameter timeout: of each wait for room, in milliseconds; −1 for ever.
    /// - Returns: how many bytes were taken, and whether the rest cannot be.
    private func send(_ bytes: [UInt8], waiting timeout: Int32) -> (count: Int, hasFailed: Bool) {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&room, 1, timeout)
                if ready == 0 { break }
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...].prefix(Self.piece))
                let count = ready < 0 ? -1 : Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    sent += count
                } else if errno == EAGAIN, timeout == 0 {
                    break
                } else if errno != EINTR, errno != EAGAIN {
                    return (sent, true)
                }
            }
            return (sent, false)
        }
    }
}

extension LineOutput {
    /// Standard error, for the log. What still waits when the process exits gets a second.
    package static let standardError: LineOutput = {
        atexit { LineOutput.standardError.flush(within: .seconds(1)) }
        return LineOutput(descriptor: STDERR_FILENO) { JSONLogHandler.lineForDropped($0) }
    }()
}
