import HTTPTypes

/// The tus protocol (https://tus.io/protocols/resumable-upload) as it is spoken here.
enum TusProtocol {
    static let version = "1.0.0"
    /// Without `checksum-trailer`, since no trailer gets through to us, and without `concatenation-unfinished`.
    static let extensions = "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration,concatenation"
    static let algorithms = UploadChecksum.Algorithm.allCases.map(\.rawValue).joined(separator: ",")
    /// Of every body that carries a file's bytes.
    static let contentType = "application/offset+octet-stream"
}

extension HTTPField.Name {
    static let tusResumable = Self("Tus-Resumable")!
    static let tusVersion = Self("Tus-Version")!
    static let tusExtension = Self("Tus-Extension")!
    static let tusMaxSize = Self("Tus-Max-Size")!
    static let tusChecksumAlgorithm = Self("Tus-Checksum-Algorithm")!
    static let uploadExpires = Self("Upload-Expires")!
    /// The file that an upload has become.
    static let sluiceFile = Self("Sluice-File")!
}
