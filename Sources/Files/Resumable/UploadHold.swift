import Platform

/// The right to write to an upload, on all three layers: the claim that ends others, the lock on the file, the fence in the row.
///
/// To be given back by `release`, after the last byte was written; one that is let go of gives back the lock at least.
final class UploadHold: Sendable {
    /// The row as it was when the fence was set: nobody else has moved it since.
    let record: UploadRecord
    let claim: UploadClaim
    let file: PartialFile
    private let claims: UploadClaims
    private let staging: StagingArea

    init(record: UploadRecord, claim: UploadClaim, file: PartialFile, claims: UploadClaims, staging: StagingArea) {
        self.record = record
        self.claim = claim
        self.file = file
        self.claims = claims
        self.staging = staging
    }

    deinit {
        claims.leave(claim)
    }

    /// Removes the bytes. The row has to say by now that they are not needed.
    func removeFile() async {
        // Shielded: the caller may have been cancelled. What stays is swept.
        _ = await Task { [staging, file] in try await staging.pool.run { file.remove() } }.result
    }

    func release() async {
        claims.leave(claim)
        _ = await Task { [staging, file] in try await staging.pool.run { file.unlock() } }.result
    }
}
