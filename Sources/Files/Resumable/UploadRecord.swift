public import Cryptography
public import FoundationEssentials
public import Platform

/// What a resumable upload is to become. The raw values are those of the database.
public enum UploadKind: String, Sendable {
    /// A file.
    case whole
    /// A piece of a file, to be joined with others.
    case part
    /// A file that is made of parts.
    case joined
}

/// Where a resumable upload is in its life. The raw values are those of the database.
public enum UploadState: String, Sendable {
    /// Bytes are still to come.
    case open
    /// All bytes are there; the file is being made of them, if not by this request then by `UploadFinisher`.
    case finishing
    /// The bytes of its parts are being put together.
    case joining
    /// It has become a file, or is a part that can be joined.
    case complete
    /// It was given up for good, and its bytes are gone; `failure` says why.
    case dead
}

/// What is known about one resumable upload.
public struct UploadRecord: Sendable, Identifiable {
    /// Stands in its address.
    public let id: UploadID
    /// Who created it; nobody else learns that it is there.
    public let owner: UserID
    /// The id of the staging area that has its bytes.
    let area: String
    /// What it is to become.
    public let kind: UploadKind
    /// Where it is in its life.
    public internal(set) var state: UploadState
    /// In bytes; nil while the client has not told it.
    public internal(set) var length: Int64?
    /// The bytes that are durable.
    public internal(set) var offset: Int64
    /// The fence; see `UploadFence`.
    let epoch: Int64
    /// The digest over the first `offset` bytes, unfinished.
    let chain: SHA256Chain
    /// As its creator gave it.
    public let metadata: String
    /// Of the file that it becomes; a part has none.
    public let name: String?
    /// As the client claims it, in the form of a media type.
    public let contentType: String
    /// What its creator said the digest of all bytes would be.
    let expected: SHA256Digest?
    /// Of a joined one, in order.
    public let parts: [UploadID]
    /// Of a joined one: how its creator named them.
    public let concat: String?
    /// Of a part that is used up: what it has become part of.
    public let joinedInto: UploadID?
    /// What it became.
    public internal(set) var file: FileID?
    /// Of a dead one: the kind of problem that it is answered with.
    public let failure: String?
    /// Until when it waits for what comes next; see `isExpired`.
    public internal(set) var expiresAt: Date
    /// Whether `expiresAt` is past by the clock of the database, and it may be removed at any moment.
    public let isExpired: Bool

    /// Of all its bytes, once they are all there; nil where they were hashed before the row was made.
    public var digest: SHA256Digest? { state == .complete && chain.byteCount == length ? chain.finished() : nil }

    /// Whether it is a part that has all its bytes, and nothing was made of it: it waits for others, and expires.
    public var waitsForOthers: Bool { kind == .part && state == .complete && joinedInto == nil }

    /// The right to write that came with the row.
    var fence: UploadFence { UploadFence(id: id, epoch: epoch) }
}

extension UploadRecord: CustomStringConvertible {
    /// Safe to log: without name and metadata.
    public var description: String { "upload \(id) of user \(owner), \(kind.rawValue), \(state.rawValue), at \(offset)" }
}
