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

    static let digestUnsupported: Self = {
        var error = Self(
            400, "digest-unsupported", "The digest cannot be verified", detail: "Send sha-256 or sha-512, and before the body.")
        error.headers[.wantReprDigest] = "sha-256=10, sha-512=5"
        return error
    }()
}
