import Glibc
import Synchronization

/// What a command says: data on standard output and nothing else there; everything else on standard error.
public final class Console: Sendable {
    private struct State {
        /// Lines of progress that are on the screen.
        var drawn = 0
        var hasFailed = false
    }

    private let output: Int32
    private let errors: Int32
    private let state = Mutex(State())
    /// Whether somebody looks on while it happens.
    public let isTerminal: Bool

    public init(output: Int32 = 1, errors: Int32 = 2) {
        self.output = output
        self.errors = errors
        isTerminal = isatty(errors) == 1
    }

    /// Whether data could not be written, as on a full disk.
    public var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// A line of data.
    public func data(_ line: String) {
        state.withLock { state in
            erase(&state)
            if !Self.write(line + "\n", to: output) { state.hasFailed = true }
        }
    }

    /// A line for whoever reads along.
    public func note(_ line: String) {
        state.withLock { state in
            erase(&state)
            _ = Self.write("sluice: \(line)\n", to: errors)
        }
    }

    /// Shows progress in the place of what was shown before.
    public func show(_ board: ProgressBoard) {
        let lines = ProgressLine.lines(board.snapshot(), width: width)
        state.withLock { state in
            let up = state.drawn > 0 ? "\u{1B}[\(state.drawn)A" : ""
            _ = Self.write(up + lines.map { "\r\u{1B}[2K\($0)\n" }.joined() + "\u{1B}[J", to: errors)
            state.drawn = lines.count
        }
    }

    /// Takes progress off the screen.
    public func clear() {
        state.withLock { erase(&$0) }
    }

    private func erase(_ state: inout State) {
        guard state.drawn > 0 else { return }
        _ = Self.write("\u{1B}[\(state.drawn)A\r\u{1B}[J", to: errors)
        state.drawn = 0
    }

    private var width: Int {
        var size = winsize()
        return ioctl(errors, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) - 1 : 79
    }

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
