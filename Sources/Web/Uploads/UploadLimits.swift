/// What one upload request may hold.
struct UploadLimits: Sendable {
    /// Bytes of one file.
    let fileSize: Int64
    /// Parts of one multipart request.
    let parts: Int
    /// Bytes of a refused part that are read and thrown away in order to reach the parts behind it.
    var skip: Int64 = 64 << 20
}
