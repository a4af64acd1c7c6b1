import NIOCore

/// Reads the header fields of one part, line by line, as they come.
///
/// Holds the line that is being read and nothing else; every byte is looked at once, however small the chunks are.
struct PartHeaderReader: Sendable {
    private let limits: MultipartLimits
    private var line: [UInt8] = []
    private var bytes = 0
    private var fields = 0
    private var disposition: (name: String, filename: String?)?
    private var contentType: MediaType?

    init(limits: MultipartLimits) {
        self.limits = limits
    }

    /// Consumes lines up to the empty one. Nil: more input is needed.
    mutating func read(from input: inout ByteBuffer) throws(MultipartError) -> MultipartHeaders? {
        while try readLine(from: &input) {
            guard !line.isEmpty else { return try headers() }
            fields += 1
            guard fields <= limits.headers else { throw MultipartError(.tooManyHeaders) }
            try readField()
            line.removeAll(keepingCapacity: true)
        }
        return nil
    }

    /// Whether `line` is complete; it is then without its line end.
    private mutating func readLine(from input: inout ByteBuffer) throws(MultipartError) -> Bool {
        let allowance = limits.headerBytes - bytes
        let available = input.readableBytes
        let end = input.withUnsafeReadableBytes { $0.prefix(allowance).firstIndex(of: .lineFeed) }
        let length = end.map { $0 + 1 } ?? min(available, allowance)
        line.append(contentsOf: input.readableBytesView.prefix(length))
        input.moveReaderIndex(forwardBy: length)
        bytes += length
        guard end != nil else {
            guard available <= allowance else { throw MultipartError(.headersTooLarge) }
            return false
        }
        guard line.count >= 2, line[line.count - 2] == .carriageReturn else { throw MultipartError(.malformedHeader) }
        line.removeLast(2)
        return true
    }

    private mutating func readField() throws(MultipartError) {
        guard !line[0].isWhitespace else { throw MultipartError(.foldedHeader) }
        // A CR inside a line ends one for some readers; so may NUL.
        guard line.allSatisfy({ !$0.isControl || $0 == .tab }) else { throw MultipartError(.malformedHeader) }
        guard let colon = line.firstIndex(of: .colon), colon > 0, line[..<colon].allSatisfy(\.isTokenCharacter) else {
            throw MultipartError(.malformedHeader)
        }
        var value = line[(colon + 1)...].drop(while: \.isWhitespace)
        while value.last?.isWhitespace == true { value.removeLast() }
        switch line[..<colon].lowercasedASCIIText {
        case "content-disposition": try readDisposition(Array(value))
        case "content-type": try readContentType(Array(value))
        case "content-transfer-encoding":
            guard ["7bit", "8bit", "binary"].contains(value.lowercasedASCIIText) else { throw MultipartError(.encodedPart) }
        default: break  // RFC 7578, section 4.8: other fields are to be ignored.
        }
    }

    private mutating func readDisposition(_ value: [UInt8]) throws(MultipartError) {
        guard disposition == nil else { throw MultipartError(.malformedHeader) }
        var scanner = FieldScanner(value)
        guard scanner.token()?.lowercasedASCIIText == "form-data" else { throw MultipartError(.missingName) }
        let parameters: [FieldParameter]
        do throws(RequestSyntaxError) {
            parameters = try scanner.parameters(escapes: .formData, maximumLength: limits.parameterBytes)
        } catch {
            throw MultipartError(error.code == .parameterTooLong ? .headersTooLarge : .malformedHeader, underlying: error)
        }
        // `filename*` is not looked at: RFC 7578, section 4.2 forbids it, and a second name would be a second truth.
        guard let name = parameters.first(where: { $0.name == "name" }) else { throw MultipartError(.missingName) }
        guard name.value.count <= limits.nameBytes else { throw MultipartError(.nameTooLong) }
        let filename = parameters.first { $0.name == "filename" }
        disposition = try (text(name.value), filename.map { parameter throws(MultipartError) in try text(parameter.value) })
    }

    private mutating func readContentType(_ value: [UInt8]) throws(MultipartError) {
        guard contentType == nil else { throw MultipartError(.malformedHeader) }
        let type: MediaType
        do throws(RequestSyntaxError) {
            type = try MediaType(bytes: value)
        } catch {
            throw MultipartError(error.code == .fieldTooLong ? .headersTooLarge : .malformedHeader, underlying: error)
        }
        guard type.type != "multipart" else { throw MultipartError(.nestedMultipart) }
        contentType = type
    }

    /// A name as text. Browsers write a quote inside a name as `%22`; no other escape is undone: they do not encode `%`
    /// itself, so what looks like one is more often the name.
    private func text(_ value: [UInt8]) throws(MultipartError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count)
        var position = 0
        while position < value.count {
            if value[position...].starts(with: [.percent, 0x32, 0x32]) {
                bytes.append(.quote)
                position += 3
            } else {
                bytes.append(value[position])
                position += 1
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw MultipartError(.invalidText) }
        return text
    }

    /// What the fields said; ready for the next part.
    private mutating func headers() throws(MultipartError) -> MultipartHeaders {
        guard let disposition else { throw MultipartError(.missingName) }
        let headers = MultipartHeaders(name: disposition.name, filename: disposition.filename, contentType: contentType)
        self = PartHeaderReader(limits: limits)
        return headers
    }
}
