package import Cryptography
import FoundationEssentials

/// What one command has already sent, so that the same command, given again after it was ended, sends the rest and nothing twice.
///
/// Its first line is a random name. Each file's Idempotency-Key comes out of that and the file's identity: a file whose answer was lost
/// with the process is sent again under the same key. Each further line is an identity, a blank, and a receipt. They stay on disk, and
/// only where they are is looked up.
package final class RunLog: Sendable {
    /// How long a command may be gone on with.
    static let lifetime: Duration = .seconds(7 * 86_400)
    private static let mark = "run "
    /// Of an identity in hexadecimal.
    private static let digits = 64

    private let file: LockedFile
    private let name: String
    /// Of what earlier runs have written.
    private let index: LogIndex

    /// - Parameters:
    ///   - command: everything by which one command differs from another.
    /// - Returns: nil when the same command is running.
    package static func open(_ command: [String], in folder: String) throws(ClientFailure) -> RunLog? {
        let digest = SHA256Hasher.digest(of: Array(command.joined(separator: "\0").utf8))
        let folder = folder + "/runs"
        guard let file = try LockedFile.open(digest.description, in: folder) else { return nil }
        return try RunLog(file, in: folder)
    }

    private init(_ file: LockedFile, in folder: String) throws(ClientFailure) {
        self.file = file
        let first = file.age < Self.lifetime ? try file.line(at: 0) : nil
        guard let first, first.hasPrefix(Self.mark) else {
            name = RandomBytes.token()
            index = try LogIndex(forLines: 0, in: folder)
            try file.replace(with: "\(Self.mark)\(name)\n")
            return
        }
        name = String(first.dropFirst(Self.mark.count))
        let index = try LogIndex(forLines: file.size / Int64(Self.digits), in: folder)
        self.index = index
        let isWhole = try file.eachLine { place, line throws(ClientFailure) in
            guard let identity = SHA256Digest(String(decoding: line.prefix(Self.digits), as: UTF8.self)) else { return }
            try index.add(identity, at: place)
        }
        // A line that was cut off by a full disk is one file that is sent again, under the same key.
        if !isWhole { try file.append("\n") }
    }

    package func receipt(of identity: SHA256Digest) throws(ClientFailure) -> PutReceipt? {
        for place in try index.places(of: identity) {
            guard let line = try file.line(at: place), line.hasPrefix("\(identity) ") else { continue }
            let text = Data(line.utf8.dropFirst(Self.digits + 1))
            if let receipt = try? JSONDecoder().decode(PutReceipt.self, from: text) { return receipt }
        }
        return nil
    }

    package func key(of identity: SHA256Digest) -> String {
        Base64URL.encode(SHA256Hasher.digest(of: Array("\(name) \(identity)".utf8)).bytes)
    }

    package func add(_ receipt: PutReceipt, of identity: SHA256Digest) throws(ClientFailure) {
        guard let text = try? JSONEncoder().encode(receipt) else { throw .local("a receipt that is no text") }
        try file.append("\(identity) \(String(decoding: text, as: UTF8.self))\n")
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
