package import NIOCore

/// Takes a `multipart/form-data` body (RFC 7578, RFC 2046) apart while it arrives.
///
/// ```swift
/// for try await chunk in body {
///     parser.feed(chunk)
///     while let event = try parser.next() { … }
/// }
/// try parser.end()
/// ```
///
/// A value without I/O. It never holds a part: body bytes leave as slices of the chunk they came in, of a delimiter that
/// is split between chunks only a count is kept, and of header fields the line being read. Time is linear in the bytes
/// fed, whatever they are and however they are cut. What it refuses is stated in ``MultipartError``; the first error is
/// final and is thrown again by every later call.
///
/// An HTTP reader has to see to it that there is one Content-Type field and no Content-Encoding.
package struct MultipartParser: Sendable {
    private enum State {
        case preamble
        case delimiterTail(DelimiterTail)
        case headers
        case body
        /// The last boundary has been seen, and not yet been told.
        case closed
        case epilogue
        case failed(MultipartError)
    }

    /// What has been seen behind `--boundary`.
    private enum DelimiterTail {
        case nothing, padding, carriageReturn, hyphen
    }

    private enum Scan {
        /// All input is used up.
        case starved
        /// Bytes that belong to no delimiter; never empty.
        case run(ByteBuffer)
        /// A delimiter up to the last byte of the boundary.
        case delimiter
    }

    private let limits: MultipartLimits
    private let search: DelimiterSearch
    /// The delimiter once more, to hand out slices of when one that was begun turns out to be content.
    private let delimiter: ByteBuffer

    private var input = ByteBuffer()
    private var state = State.preamble
    private var headerReader: PartHeaderReader
    /// How many bytes of a delimiter the input so far ends with.
    private var matched: Int
    /// How many of those are a line end that belongs to what came before, not to the content: a delimiter may stand at the
    /// very start of the body or of a part.
    private var borrowed: Int

    private var isInsidePart = false
    private var isInsideFile = false
    private var preambleBytes = 0
    private var paddingBytes = 0
    private var fieldBytes = 0

    /// Parts begun so far.
    private var partCount = 0

    package init(boundary: MultipartBoundary, limits: MultipartLimits = MultipartLimits()) {
        self.limits = limits
        search = DelimiterSearch(boundary: boundary)
        delimiter = ByteBuffer(bytes: search.pattern)
        headerReader = PartHeaderReader(limits: limits)
        matched = 2
        borrowed = 2
    }

    /// Gives the parser the next bytes of the body.
    ///
    /// Call `next()` until it returns nil before feeding again; otherwise the bytes are copied together.
    package mutating func feed(_ bytes: ByteBuffer) {
        switch state {
        case .epilogue, .failed: return
        default: break
        }
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// The next event; nil when more bytes are needed or the body is finished.
    package mutating func next() throws(MultipartError) -> MultipartEvent? {
        do throws(MultipartError) {
            return try advance()
        } catch {
            state = .failed(error)
            input = ByteBuffer()
            throw error
        }
    }

    /// To be called when the body has ended and `next()` has returned nil.
    ///
    /// - Throws: `.truncated` if the last boundary has not been seen.
    package mutating func end() throws(MultipartError) {
        switch state {
        case .epilogue: return
        case .failed(let error): throw error
        default:
            let error = MultipartError(.truncated)
            state = .failed(error)
            throw error
        }
    }

    // MARK: - States

    private mutating func advance() throws(MultipartError) -> MultipartEvent? {
        while true {
            switch state {
            case .failed(let error):
                throw error
            case .closed:
                state = .epilogue
                input = ByteBuffer()
                return .finished
            case .epilogue:
                return nil
            case .preamble:
                guard try skipPreamble() else { return nil }
                state = .delimiterTail(.nothing)
            case .delimiterTail(let tail):
                guard let byte: UInt8 = input.readInteger() else { return nil }
                if let event = try readTail(byte, after: tail) { return event }
            case .headers:
                guard let headers = try headerReader.read(from: &input) else { return nil }
                return try begin(headers)
            case .body:
                switch scan() {
                case .starved: return nil
                case .run(let bytes): return try .body(counted(bytes))
                case .delimiter: state = .delimiterTail(.nothing)
                }
            }
        }
    }

    /// Whether the first delimiter has been reached.
    private mutating func skipPreamble() throws(MultipartError) -> Bool {
        while true {
            switch scan() {
            case .starved: return false
            case .delimiter: return true
            case .run(let bytes):
                preambleBytes += bytes.readableBytes
                guard preambleBytes <= limits.preambleBytes else { throw MultipartError(.preambleTooLong) }
            }
        }
    }

    /// Takes one byte behind `--boundary`: padding and a line end, or `--`.
    private mutating func readTail(_ byte: UInt8, after tail: DelimiterTail) throws(MultipartError) -> MultipartEvent? {
        switch (tail, byte) {
        case (.nothing, .hyphen):
            state = .delimiterTail(.hyphen)
            return nil
        case (.nothing, .carriageReturn), (.padding, .carriageReturn):
            state = .delimiterTail(.carriageReturn)
            return nil
        case (.nothing, .space), (.nothing, .tab), (.padding, .space), (.padding, .tab):
            paddingBytes += 1
            guard paddingBytes <= limits.paddingBytes else { throw MultipartError(.malformedDelimiter) }
            state = .delimiterTail(.padding)
            return nil
        case (.hyphen, .hyphen):
            state = .closed
        case (.carriageReturn, .lineFeed):
            paddingBytes = 0
            partCount += 1
            guard partCount <= limits.parts else { throw MultipartError(.tooManyParts) }
            state = .headers
        default:
            throw MultipartError(.malformedDelimiter)
        }
        defer { isInsidePart = false }
        return isInsidePart ? .partEnded : nil
    }

    private mutating func begin(_ headers: MultipartHeaders) throws(MultipartError) -> MultipartEvent {
        isInsidePart = true
        isInsideFile = headers.filename != nil
        state = .body
        matched = 2
        borrowed = 2
        return .partBegan(headers)
    }

    private mutating func counted(_ bytes: ByteBuffer) throws(MultipartError) -> ByteBuffer {
        if !isInsideFile {
            fieldBytes += bytes.readableBytes
            guard fieldBytes <= limits.fieldBytes else { throw MultipartError(.fieldsTooLarge) }
        }
        return bytes
    }

    // MARK: - Search

    private mutating func scan() -> Scan {
        while true {
            if matched > 0 {
                if let outcome = continueDelimiter() { return outcome }
            }
            guard input.readableBytes > 0 else { return .starved }
            let (run, following) = input.withUnsafeReadableBytes { bytes in
                if let position = search.firstMatch(in: bytes) { return (position, search.pattern.count) }
                let begun = search.begun(atEndOf: bytes)
                return (bytes.count - begun, begun)
            }
            matched = following
            let bytes = input.readSlice(length: run)
            input.moveReaderIndex(forwardBy: following)
            if let bytes, run > 0 { return .run(bytes) }
        }
    }

    /// Goes on with a delimiter of which `matched` bytes have been seen. Nil: it was none, and there is nothing to hand out.
    private mutating func continueDelimiter() -> Scan? {
        let more = input.withUnsafeReadableBytes { search.continuation(after: matched, in: $0) }
        if matched + more == search.pattern.count {
            input.moveReaderIndex(forwardBy: more)
            (matched, borrowed) = (0, 0)
            return .delimiter
        }
        if more == input.readableBytes {
            input.moveReaderIndex(forwardBy: more)
            matched += more
            return .starved
        }
        // It was content after all. What of it came in earlier chunks is known without having been kept; what came in
        // this one has not been consumed, and is looked at once more by the search.
        let content = delimiter.getSlice(at: borrowed, length: matched - borrowed)
        (matched, borrowed) = (0, 0)
        guard let content, content.readableBytes > 0 else { return nil }
        return .run(content)
    }
}
