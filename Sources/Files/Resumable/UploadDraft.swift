public import Cryptography
public import Platform

/// A resumable upload that is to be created.
public struct UploadDraft: Sendable {
    /// That of the row from then on.
    public let id: UploadID
    let owner: UserID
    let kind: UploadKind
    private(set) var length: Int64?
    let metadata: String
    /// Of the file that it becomes; a part has none.
    public let name: String?
    let contentType: String
    let expected: SHA256Digest?
    let concat: String?

    /// - Parameters:
    ///   - length: in bytes; nil when the client will tell it later.
    ///   - metadata: what the client sent, checked; at most 4096 bytes of printable ASCII.
    ///   - name: of the file; without one it is called after the upload. A part has none.
    ///   - contentType: as the client claims it; what is no media type becomes `application/octet-stream`.
    ///   - expected: what the digest of all bytes has to be, else the upload is dead.
    ///   - concat: of a joined one, how the client named its parts; at most 11264 bytes.
    public init(
        owner: UserID, kind: UploadKind, length: Int64?, metadata: String = "", name: FileName? = nil, contentType: String = "",
        expected: SHA256Digest? = nil, concat: String? = nil
    ) {
        id = UploadID()
        self.owner = owner
        self.kind = kind
        self.length = length
        self.metadata = metadata
        self.name = kind == .part ? nil : name?.value ?? "upload-\(id)"
        self.contentType = ContentType.clean(contentType)
        self.expected = expected
        self.concat = concat
    }

    func of(length: Int64) -> UploadDraft {
        var draft = self
        draft.length = length
        return draft
    }

    /// Where its life begins: what has no bytes to wait for has them all.
    var state: UploadState {
        switch (kind, length) {
        case (.joined, _): .joining
        case (.part, 0): .complete
        case (.whole, 0): .finishing
        default: .open
        }
    }
}
