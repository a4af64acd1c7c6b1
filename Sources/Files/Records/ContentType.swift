/// Cleans the media type that a client claims for a file.
package enum ContentType {
    static let unknown = "application/octet-stream"

    /// `type/subtype` in lower case without parameters (RFC 9110, section 8.3.1); `unknown` for anything else.
    ///
    /// The type is sent back in a header when the file is downloaded, so only token characters may pass.
    package static func clean(_ text: String) -> String {
        let essence = text.prefix { $0 != ";" }.trimmingBlanks()
        guard essence.utf8.count <= 127 else { return unknown }
        let parts = essence.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isToken) }) else { return unknown }
        return essence.lowercased()
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$&-^_.+".utf8.contains(byte)
        }
    }
}

extension StringProtocol {
    /// Without blanks and tabs at either end.
    fileprivate func trimmingBlanks() -> String {
        var text = Substring(self)
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return String(text)
    }
}
