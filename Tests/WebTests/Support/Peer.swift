import Glibc
import Platform
import TestSupport
import Testing

/// A client that may do anything: it writes bytes, not requests. Its calls block on a thread of its own, never longer than
/// ten seconds.
actor Peer {
    enum Failure: Error {
        case connect(Int32)
        /// The server ended the connection while this side wrote.
        case cut(Int32)
        case timeout
        /// The connection ended before an answer was whole.
        case ended(String)
        case malformed(String)
    }

    /// How a connection ended as seen from here.
    enum End: Equatable {
        case closed
        case reset
    }

    private static let patience = Int32(10_000 * Patience.factor)

    private let thread: ExclusiveThread
    private var descriptor: Int32 = -1
    private var buffer: [UInt8] = []
    private var end: End?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter receiveBuffer: bytes that the kernel takes for this side before the server has to wait.
    init(port: Int, receiveBuffer: Int32? = nil) async throws {
        thread = ExclusiveThread(name: "peer")
        try open(port: port, receiveBuffer: receiveBuffer)
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
        thread.stop()
    }

    private func open(port: Int, receiveBuffer: Int32?) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure.connect(errno) }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = write(bytes, from: done)
            if count < 0 && errno == EAGAIN {
                _ = try wait(for: Int16(POLLOUT))
            } else if count < 0 {
                throw Failure.cut(errno)
            } else {
                done += count
            }
        }
    }

    /// Sends `chunk` again and again, reading beside it, until the server has ended the connection or `limit` bytes were taken.
    ///
    /// - Returns: how many bytes were taken, and whether the server ended the connection.
    func flood(_ chunk: [UInt8], atMost limit: Int) throws -> (sent: Int, isCut: Bool) {
        var (sent, position) = (0, 0)
        while sent < limit {
            let events = try wait(for: Int16(POLLOUT) | (end == nil ? Int16(POLLIN) : 0))
            if events & Int16(POLLIN) != 0 { fill() }
            if events & Int16(POLLHUP | POLLERR) != 0 && events & Int16(POLLIN) == 0 { return (sent, true) }
            guard events & Int16(POLLOUT) != 0 else { continue }
            let count = write(chunk, from: position)
            if count < 0 && errno != EAGAIN { return (sent, true) }
            sent += max(0, count)
            position = (position + max(0, count)) % chunk.count
        }
        return (sent, false)
    }

    /// The next answer, informational ones included.
    func receive(isHead: Bool = false) throws -> Answer {
        while true {
            if let (answer, count) = try Answer.parse(buffer, isHead: isHead) {
                buffer.removeFirst(count)
                return answer
            }
            guard end == nil else { throw Failure.ended(String(decoding: buffer.prefix(200), as: UTF8.self)) }
            _ = try wait(for: Int16(POLLIN))
            fill()
        }
    }

    /// The head of an answer whose body does not end.
    func receiveHead() throws -> Answer {
        let text = try receive(upTo: "\r\n\r\n")
        guard let (head, _) = try Answer.parse(Array((text + "\r\n\r\n").utf8), isHead: true) else { throw Failure.malformed(text) }
        return head
    }

    /// The text of the next piece of a body that comes in chunks.
    func receiveChunk() throws -> String {
        guard let length = Int(try receive(upTo: "\r\n"), radix: 16) else { throw Failure.malformed("no chunk") }
        while buffer.count < length + 2 {
            guard end == nil else { throw Failure.ended("in a chunk") }
            _ = try wait(for: Int16(POLLIN))
            fill()
        }
        defer { buffer.removeFirst(length + 2) }
        return String(decoding: buffer.prefix(length), as: UTF8.self)
    }

    private func receive(upTo mark: String) throws -> String {
        while true {
            if let found = buffer.firstRange(of: Array(mark.utf8)) {
                defer { buffer.removeFirst(found.upperBound) }
                return String(decoding: buffer[..<found.lowerBound], as: UTF8.self)
            }
            guard end == nil else { throw Failure.ended(String(decoding: buffer.prefix(200), as: UTF8.self)) }
            _ = try wait(for: Int16(POLLIN))
            fill()
        }
    }

    /// Waits for the end of the connection; bytes before it stay readable.
    func receiveEnd() throws -> End {
        let deadline = ContinuousClock.now + Duration.seconds(60).stretched
        while true {
            if let end { return end }
            // Bytes may come for ever.
            guard ContinuousClock.now < deadline else { throw Failure.timeout }
            _ = try wait(for: Int16(POLLIN))
            fill()
        }
    }

    /// Whether any byte has arrived that was not asked for.
    var hasBytes: Bool { !buffer.isEmpty }

    /// Looks for `milliseconds` whether something arrives or the connection ends.
    func isQuiet(for milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return buffer.isEmpty && poll(&entry, 1, milliseconds) == 0
    }

    /// Says that nothing more will be sent, and goes on reading.
    func halfClose() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection as a crashed machine would.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    private func write(_ bytes: [UInt8], from start: Int) -> Int {
        bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress! + start, bytes.count - start, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
    }

    private func wait(for events: Int16) throws -> Int16 {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        guard poll(&entry, 1, Self.patience) > 0 else { throw Failure.timeout }
        return entry.revents
    }

    private func fill() {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            buffer += chunk[..<count]
        } else if count == 0 {
            end = .closed
        } else if errno != EAGAIN {
            end = .reset
        }
    }
}

extension Peer {
    /// Sends the head of a request, and behind it chunks without an end, until the server ends the connection.
    ///
    /// - Returns: how many bytes it has let come, and its answer.
    func sendEndless(_ call: HTTPCall, sourceLocation: SourceLocation = #_sourceLocation) throws -> (sent: Int, answer: Answer) {
        try send(call.head)
        let chunk = Array("8000\r\n".utf8) + [UInt8](repeating: 0, count: 0x8000) + Array("\r\n".utf8)
        let (sent, isCut) = try flood(chunk, atMost: 256 << 20)
        #expect(isCut, "\(sent)", sourceLocation: sourceLocation)
        return (sent, try receive(call, sourceLocation: sourceLocation))
    }

    /// Sends a well-formed request and checks that the answer is one that the API description allows.
    func call(_ call: HTTPCall, sourceLocation: SourceLocation = #_sourceLocation) throws -> Answer {
        try send(call.bytes)
        return try receive(call, sourceLocation: sourceLocation)
    }

    /// The final answer to a request that was sent.
    func receive(_ call: HTTPCall, sourceLocation: SourceLocation = #_sourceLocation) throws -> Answer {
        var answer = try receive(isHead: call.method == "HEAD")
        while answer.status < 200 { answer = try receive(isHead: call.method == "HEAD") }
        answer.check(against: call, sourceLocation: sourceLocation)
        return answer
    }
}
