import Platform

/// Received files of one owner that are accepted together or not at all, and what else becomes true in the same transaction.
public struct IntakeGroup: Sendable {
    /// A file, and the row that it is to get.
    public struct Member: Sendable {
        let file: ReceivedFile
        public let record: FileRecord
    }

    public let members: [Member]
    /// The resumable upload that ends with this; the group is refused when somebody else has taken it over.
    let upload: UploadFence?
    /// The answer to store; the group is refused when somebody else runs the request by now.
    let reply: ReplyCompletion?
    /// The room that was promised to it.
    let lease: QuotaLease?
    /// The resumable upload whose whole body this is, and that has no row yet.
    let creation: UploadDraft?
    /// How long what became of its resumable upload is told.
    let lifetime: Duration

    /// - Precondition: at least one member, all of one owner.
    public init(_ members: [Member], upload: UploadFence? = nil, reply: ReplyCompletion? = nil, lease: QuotaLease? = nil) {
        self.init(
            members, upload: upload, reply: reply, lease: lease, creation: nil, lifetime: ResumableConfiguration().lifetime)
    }

    init(
        _ members: [Member], upload: UploadFence? = nil, reply: ReplyCompletion? = nil, lease: QuotaLease? = nil,
        creation: UploadDraft? = nil, lifetime: Duration
    ) {
        precondition(!members.isEmpty && members.allSatisfy { $0.record.owner == members[0].record.owner }, "files of one owner")
        self.members = members
        self.upload = upload
        self.reply = reply
        self.lease = lease
        self.creation = creation
        self.lifetime = lifetime
    }

    var owner: UserID { members[0].record.owner }
    var amount: QuotaAmount { members.reduce(.zero) { $0 + QuotaAmount(bytes: $1.record.size, files: 1) } }
    var records: [FileRecord] { members.map(\.record) }
    /// Whether nothing has to be true for it but that there is room.
    var isPlain: Bool { upload == nil && reply == nil && creation == nil }

    func isIn(_ uploads: Set<UploadID>) -> Bool { upload.map { uploads.contains($0.id) } ?? false }

    func placed(at places: [StagedPlace]) -> IntakeGroup {
        let placed = zip(members, places).map { member, place in
            var record = member.record
            record.place = place
            return Member(file: member.file, record: record)
        }
        return IntakeGroup(placed, upload: upload, reply: reply, lease: lease, creation: creation, lifetime: lifetime)
    }
}
