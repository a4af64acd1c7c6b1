import Cryptography
import FoundationEssentials

/// `Repr-Digest` (RFC 9530) with SHA-256, and what is done when it is another one.
enum ReprDigest {
    /// How often a file is sent that arrives damaged. More would not help: something on the way is broken.
    static let maximumTries = 3

    static let damaged = Problem(
        status: 400, type: "/problems/digest-mismatch", title: "arrived damaged",
        detail: "the server's digest is another than that of the file")

    static let untold = Problem(
        status: 404, type: "/problems/digest-untold", title: "cannot be compared",
        detail: "the server does not say what it has: the file was deleted meanwhile, or the token may not read")

    /// - Parameter id: of the file that is damaged.
    static func left(_ id: String) -> Problem {
        Problem(
            status: damaged.status, type: damaged.type, title: damaged.title,
            detail: "it is there as \(id), and the token may not delete it")
    }

    static func field(_ digest: SHA256Digest) -> String {
        "sha-256=:\(Data(digest.bytes).base64EncodedString()):"
    }

    /// Whether a field of an answer is of this digest; nil when it tells none.
    static func matches(_ field: String?, _ digest: SHA256Digest) -> Bool? {
        let members = field?.split(separator: ",").map { String($0.drop(while: \.isWhitespace)) } ?? []
        guard let member = members.first(where: { $0.hasPrefix("sha-256=:") }) else { return nil }
        return member.hasPrefix(self.field(digest))
    }
}

extension Problem {
    /// Whether other bytes have arrived than were sent: sent again, they may arrive whole.
    var isDamage: Bool {
        // 460 is tus's for a checksum.
        status == 460 || ["digest-mismatch", "checksum-mismatch", "upload-dead"].contains(name)
    }
}
