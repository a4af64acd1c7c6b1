package import NIOCore

/// What a multipart body turned out to hold next.
package enum MultipartEvent: Hashable, Sendable {
    /// A part begins.
    case partBegan(MultipartHeaders)
    /// Some of its bytes; never empty. A slice of what was fed, not a copy.
    case body(ByteBuffer)
    /// The part is complete: the boundary behind it has been seen and is well formed.
    case partEnded
    /// The last boundary has been seen. Nothing follows; what the peer still sends is dropped unread.
    case finished
}

/// What the header fields of a part say.
package struct MultipartHeaders: Hashable, Sendable {
    /// The field's name: flat text, whatever brackets it holds. May be empty.
    package let name: String
    /// The name the sender gave the file, in its own words: path separators and all. Never to be used as a path. A part
    /// with one is a file; an empty one is what browsers send when no file was chosen.
    package let filename: String?
    /// What the sender says the content is.
    package let contentType: MediaType?

    package init(name: String, filename: String?, contentType: MediaType?) {
        self.name = name
        self.filename = filename
        self.contentType = contentType
    }
}
