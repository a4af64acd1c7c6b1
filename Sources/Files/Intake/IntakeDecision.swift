import Platform

/// Which of the groups in one transaction are accepted, from what the database says under its locks.
enum IntakeDecision {
    struct Facts {
        /// Of the owners who have a quota.
        var usage: [UserID: QuotaUse] = [:]
        /// The resumable uploads that are still those of the fence.
        var uploads: Set<UploadID> = []
        /// Those whose room is part of the usage already.
        var charged: Set<UploadID> = []
        /// The requests that are still run by who wants to answer them.
        var claims: Set<UUIDv7> = []
    }

    /// Decides in the order of the groups: what the first takes, the second has not.
    ///
    /// - Parameter facts: `usage` is afterwards what the accepted groups make of it.
    /// - Returns: for each group why it is refused; nil for those that are accepted.
    static func decide(_ groups: [IntakeGroup], _ facts: inout Facts) -> [FilesError?] {
        groups.map { group in
            do throws(FilesError) {
                try decide(group, &facts)
                return nil
            } catch {
                return error
            }
        }
    }

    private static func decide(_ group: IntakeGroup, _ facts: inout Facts) throws(FilesError) {
        // One transaction may hold two that want to end the same upload: the first has it.
        if let upload = group.upload, !facts.uploads.contains(upload.id) {
            throw FilesError(.superseded, "another request has taken the upload over")
        }
        if let reply = group.reply, !facts.claims.contains(reply.claim.id) {
            throw .requestTakenOver
        }
        if let use = facts.usage[group.owner], !group.isIn(facts.charged) {
            let amount = group.amount
            facts.usage[group.owner] = try use.adding(bytes: amount.bytes, files: amount.files)
        }
        if let upload = group.upload { facts.uploads.remove(upload.id) }
        if let reply = group.reply { facts.claims.remove(reply.claim.id) }
    }
}
