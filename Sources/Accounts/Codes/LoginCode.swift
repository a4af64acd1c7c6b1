import Cryptography

/// The six digits that are mailed. Stored nowhere: whoever needs them computes them.
public struct LoginCode: Sendable {
    public static let length = 6

    private let digits: String

    init(_ code: SHA256Digest) {
        digits = TruncatedCode.digits(of: code, count: Self.length)
    }

    /// Reads what somebody typed.
    ///
    /// - Returns: nil unless it is six ASCII digits, blanks around them aside.
    init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let bytes = UserText.trimmed(text)
        guard bytes.count == Self.length, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        digits = String(decoding: bytes, as: UTF8.self)
    }

    /// The digits, for the mail and for nothing else.
    public func reveal() -> String { digits }

    /// In a time that says nothing about the digits.
    static func == (left: LoginCode, right: LoginCode) -> Bool {
        ConstantTime.areEqual(left.digits, right.digits)
    }
}

extension LoginCode: CustomStringConvertible, CustomReflectable {
    public var description: String { "[secret]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
