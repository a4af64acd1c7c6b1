package import Cryptography
import FoundationEssentials

/// What one command has already sent, so that the same command, given again after it was ended, sends the rest and nothing twice.
///
/// Each file's Idempotency-Key comes out of the log's random name and the file's identity: a file whose answer was lost with the process
/// is sent again under the same key.
package final class RunLog: Sendable {
    /// How long a command may be gone on with.
    static let lifetime: Duration = .seconds(7 * 86_400)

    private struct Line: Codable {
        let file: String
        let receipt: PutReceipt
    }

    private let file: LockedFile
    private let name: String
    /// Of earlier runs.
    private let receipts: [SHA256Digest: PutReceipt]

    /// - Parameters:
    ///   - command: everything by which one command differs from another.
    /// - Returns: nil when the same command is running.
    package static func open(_ command: [String], in folder: String) throws(ClientFailure) -> RunLog? {
        let digest = SHA256Hasher.digest(of: Array(command.joined(separator: "\0").utf8))
        guard let file = try LockedFile.open(digest.description, in: folder + "/runs") else { return nil }
        return try RunLog(file)
    }

    private init(_ file: LockedFile) throws(ClientFailure) {
        self.file = file
        let lines = file.age < Self.lifetime ? try file.contents().split(separator: "\n") : []
        if let first = lines.first, first.hasPrefix("run ") {
            name = String(first.dropFirst(4))
            var receipts: [SHA256Digest: PutReceipt] = [:]
            for text in lines.dropFirst() {
                // A line that was cut off by a full disk is one file that is sent again, under the same key.
                guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)), let digest = SHA256Digest(line.file) else {
                    continue
                }
                receipts[digest] = line.receipt
            }
            self.receipts = receipts
        } else {
            name = RandomBytes.token()
            receipts = [:]
            try file.replace(with: "run \(name)\n")
        }
    }

    package func receipt(of identity: SHA256Digest) -> PutReceipt? {
        receipts[identity]
    }

    package func key(of identity: SHA256Digest) -> String {
        Base64URL.encode(SHA256Hasher.digest(of: Array("\(name) \(identity)".utf8)).bytes)
    }

    package func add(_ receipt: PutReceipt, of identity: SHA256Digest) throws(ClientFailure) {
        guard let text = try? JSONEncoder().encode(Line(file: identity.description, receipt: receipt)) else {
            throw .local("a receipt that is no text")
        }
        try file.append(String(decoding: text, as: UTF8.self) + "\n")
    }

    /// Removes what is of no use any more.
    package static func sweep(_ folder: String) {
        LockedFile.sweep(folder + "/runs", olderThan: lifetime)
    }

    /// The command is done: given again, it is a new one.
    package func remove() {
        file.remove()
    }
}
