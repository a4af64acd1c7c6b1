/// One request to the server that the client is for.
public struct HTTPRequest: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method
    /// Path and query, percent-encoded.
    public var target: String
    /// Besides `Host`, `Content-Length` and `Expect`, which come by themselves.
    public var fields: [(name: String, value: String)]
    public var body: HTTPBody?

    public init(_ method: Method, _ target: String, fields: [(name: String, value: String)] = [], body: HTTPBody? = nil) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }
}

/// A body of known length, read while it is sent.
public struct HTTPBody: Sendable {
    public let length: Int64
    /// Fills the buffer with the bytes from an offset in the body on, on a thread that it may block for a disk; nil when they cannot be
    /// had. The same bytes may be asked for again.
    public let read: @Sendable (_ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64) -> Int?

    public init(length: Int64, read: @escaping @Sendable (_ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64) -> Int?) {
        self.length = length
        self.read = read
    }

    public init(_ bytes: [UInt8]) {
        self.init(length: Int64(bytes.count)) { buffer, offset in
            let rest = bytes.dropFirst(Int(offset)).prefix(buffer.count)
            buffer.copyBytes(from: rest)
            return rest.count
        }
    }
}

/// Takes the bytes of a successful response as they come, on a thread that it may block for a disk; false ends the transfer.
public typealias HTTPSink = @Sendable (UnsafeRawBufferPointer) -> Bool
