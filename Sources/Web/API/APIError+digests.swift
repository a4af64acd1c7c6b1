import Cryptography
import HTTPTypes

/// Refusals of bodies that are not what their sender says they are.
extension APIError {
    static func digestMismatch(_ member: DigestFields.Member) -> Self {
        if member.field == UploadChecksum.field { return .checksumMismatch }
        var error = Self(
            400, "digest-mismatch", "The body is not the one that was meant",
            detail: "Its digest is not that of \(member.field). Nothing was taken: send it again.")
        error.problem.members = [.init("field", .text(member.field)), .init("algorithm", .text(member.algorithm.rawValue))]
        return error
    }

    /// Reading stopped where all else would have been thrown away (`partsNotRead`), and what was read may be anything.
    static func bodyNotVerified(limit: Int64) -> Self {
        Self(
            413, "parts-not-read", "The rest of the request was not read",
            detail: "Reading stopped when \(limit) bytes of refused files had been thrown away, so the digest of the body was not "
                + "verified. Nothing was taken: send it again, without the files that are refused.")
    }

    /// Tells what can be verified in this place.
    static func digestUnsupported(_ place: DigestPlace) -> Self {
        var error = Self(400, "digest-unsupported", "The digest cannot be verified", detail: place.advice)
        let (name, value) = place.wanted
        error.headers[name] = value
        return error
    }
}

/// Where a digest came.
enum DigestPlace {
    /// With files that come whole.
    case file
    /// With the creation of an upload that becomes a file.
    case creation
    /// With the creation of a part of one.
    case part
    /// With more bytes of an upload.
    case piece

    /// Whether the digest of the whole file is taken, however many requests bring it.
    var takesDigestOfFile: Bool { self == .creation }

    fileprivate var advice: String {
        switch self {
        case .file: "Send sha-256 or sha-512, and before the body."
        case .creation:
            "Before the body, send Repr-Digest with the sha-256 of the whole file, or Content-Digest with the sha-256 or sha-512 of the bytes "
                + "that come with this request."
        case .part:
            "A part is no file: send Content-Digest (sha-256 or sha-512) or Upload-Checksum before its bytes, and Repr-Digest with the "
                + "creation of the whole."
        case .piece:
            "Send Content-Digest (sha-256 or sha-512) or Upload-Checksum before the bytes. Repr-Digest goes with the creation of the upload."
        }
    }

    fileprivate var wanted: (HTTPField.Name, String) {
        switch self {
        case .file: (.wantReprDigest, "sha-256=10, sha-512=5")
        case .creation: (.wantReprDigest, "sha-256=10")
        case .part, .piece: (.wantContentDigest, "sha-256=10, sha-512=5")
        }
    }
}
