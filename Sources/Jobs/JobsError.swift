/// Why a queue operation failed. `description` holds no payload and no name that a user chose.
public struct JobsError: Error, Sendable {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case payloadTooLarge, invalidJob, encoding, malformed, full, unavailable, unsupportedServer, unexpectedReply, misconfigured
        }

        private let value: Value

        /// The encoded payload exceeds `JobRequest.maximumPayload`.
        public static let payloadTooLarge = Code(value: .payloadTooLarge)
        /// An id, tenant, type, queue name or priority is outside what the queue accepts.
        public static let invalidJob = Code(value: .invalidJob)
        /// The job's value could not be encoded.
        public static let encoding = Code(value: .encoding)
        /// Bytes read from Redis are not an entry or envelope of this version.
        public static let malformed = Code(value: .malformed)
        /// The queue has reached a limit, or Redis its memory; nothing was added. To be told to clients as 503 with Retry-After.
        public static let full = Code(value: .full)
        /// Redis did not answer. It is unknown whether the operation took place; repeating it is safe.
        public static let unavailable = Code(value: .unavailable)
        /// The server is too old for the queue's scripts.
        public static let unsupportedServer = Code(value: .unsupportedServer)
        /// A script answered in a form that this version does not know.
        public static let unexpectedReply = Code(value: .unexpectedReply)
        /// This process is set to another number of partitions than the queue has.
        public static let misconfigured = Code(value: .misconfigured)

        public var description: String { value.rawValue }
    }

    public let code: Code
    public let message: String
    public let underlying: (any Error)?

    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }
}

extension JobsError: CustomStringConvertible {
    public var description: String { "jobs \(code): \(message)" }
}
