import Foundation
import TestSupport

/// A mail as its reader gets it.
struct ReadMail: Sendable {
    /// By name in lower case, unfolded.
    let headers: [String: String]
    /// The decoded parts by their type: `text/plain`, `text/html`.
    let parts: [String: String]

    /// - Parameter content: with line ends of either kind.
    init(_ content: some Collection<UInt8>) {
        let text = String(decoding: content, as: UTF8.self).replacing("\r\n", with: "\n")
        let (headers, body) = Self.split(text)
        self.headers = headers
        var parts: [String: String] = [:]
        if let boundary = headers["content-type"]?.split(separator: "boundary=\"").last?.prefix(while: { $0 != "\"" }) {
            for part in body.split(separator: "--\(boundary)\n").dropFirst(body.hasPrefix("--") ? 0 : 1) {
                let (headers, body) = Self.split(part.replacing("--\(boundary)--\n", with: ""))
                parts[String(headers["content-type"]?.prefix { $0 != ";" } ?? "")] = Self.decode(body)
            }
        }
        self.parts = parts
    }

    /// All mails to an address in the Maildir of the local stack, the oldest first.
    static func inMaildir(to address: String) throws -> [ReadMail] {
        guard let folder = TestServer.environment("SLUICE_TEST_MAILDIR") else { throw TestFolderMissing() }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/new").sorted()
        return names.compactMap { FileManager.default.contents(atPath: "\(folder)/new/\($0)") }.map { ReadMail($0) }
            .filter { $0.headers["x-rcptto"] == address }
    }

    struct TestFolderMissing: Error {}

    private static func split(_ text: some StringProtocol) -> ([String: String], String) {
        let parts = String(text).split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var headers: [String: String] = [:]
        for line in parts[0].replacing("\n ", with: " ").split(separator: "\n") {
            let field = line.split(separator: ": ", maxSplits: 1)
            if field.count == 2 { headers[field[0].lowercased()] = String(field[1]) }
        }
        return (headers, parts.count == 2 ? String(parts[1]) : "")
    }

    /// Quoted-printable (RFC 2045, 6.7).
    private static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.replacing("=\n", with: "").utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "="), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
