import Glibc
import NIOCore

/// Sends a command and takes its reply without a turn of the event loop, for a task on the connection's own thread that sends one
/// command after the other (`RedisClient.executor`).
///
/// Such a task and the server talk in turns, and put each other to sleep and wake each other for every reply. On a virtual machine
/// that is two thirds of the round trip to a Redis beside us, and most of the rest is the way through the loop and the pipeline.
/// Here the thread asks the socket until the reply is there; nobody else misses it, since the task would wait for this very reply.
///
/// What else the thread has to do is not kept waiting for long: a reply that takes longer than `patience` comes the usual way, and so
/// do the next ones, the more of them the more often that happens in a row; and after `turns` commands the loop has the thread.
struct DirectExchange {
    private static let patience: TimeAmount = .microseconds(200)
    private static let longestPause = 1024
    private static let turns = 32
    private static let size = 4096

    private let descriptor: CInt
    private var left = Self.turns
    private var toSkip = 0
    private var pause = 1
    private var buffer = ByteBufferAllocator().buffer(capacity: Self.size)

    /// - Parameter descriptor: of a connected, non-blocking stream socket; used only while its channel is active.
    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Whether the next command may go this way.
    mutating func mayBegin() -> Bool {
        if toSkip > 0 {
            toSkip -= 1
            return false
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }

    /// The loop has had the thread.
    mutating func yielded() {
        left = Self.turns
    }

    /// Hands bytes to the socket. What it does not take now, for whatever reason, is left in `bytes`: the channel finds out.
    func send(_ bytes: inout ByteBuffer) {
        let count = bytes.withUnsafeReadableBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
        if count > 0 { bytes.moveReaderIndex(forwardBy: count) }
    }

    /// Hands what arrives to `feed` while `isWaiting`, for `patience`. The end of the stream and errors are left for the loop to meet.
    mutating func receive(while isWaiting: () -> Bool, _ feed: (inout ByteBuffer) -> Void) {
        let end = NIODeadline.now() + Self.patience
        while isWaiting() {
            guard NIODeadline.now() < end else {
                toSkip = pause
                pause = min(2 * pause, Self.longestPause)
                return
            }
            var hasEnded = false
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.size) { space in
                let count = recv(descriptor, space.baseAddress, space.count, CInt(MSG_DONTWAIT))
                hasEnded = count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
                return max(0, count)
            }
            if hasEnded { return }
            if count > 0 {
                feed(&buffer)
                buffer.clear()
            }
        }
        pause = 1
    }
}
