/// A value that must not reach a log, an error message or a crash report.
///
/// It prints as `[secret]` however it is interpolated, dumped or reflected; the content is read by name only.
/// It lives in `Platform` because the adapters need it for their passwords and may not import `Cryptography`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    public init(_ value: String) {
        self.value = value
    }

    /// The content. Hand it to the library that needs it and to nothing else.
    public func reveal() -> String { value }

    public var description: String { "[secret]" }
    public var debugDescription: String { "[secret]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
