/// Looks at the head of a file that came as a resumable upload, before it is accepted.
///
/// Called with the first `headLimit` bytes, or all if there are fewer. What it throws refuses the file: for good if it is a
/// `ContentRefusal`, else for now.
public struct UploadInspection: Sendable {
    let headLimit: Int
    let look: @Sendable (_ head: [UInt8], _ name: FileName) async throws -> Void

    public init(headLimit: Int, look: @escaping @Sendable (_ head: [UInt8], _ name: FileName) async throws -> Void) {
        self.headLimit = headLimit
        self.look = look
    }

    /// - Throws: `.refused` with the `ContentRefusal`; whatever else: for now.
    func inspect(_ head: [UInt8], as name: FileName) async throws(FilesError) {
        do {
            try await look(head, name)
        } catch let refusal as any ContentRefusal {
            throw FilesError(.refused, "the content is not wanted", underlying: refusal)
        } catch {
            throw FilesError(error)
        }
    }
}

/// Why the content of a file is not wanted, whoever asks again.
public protocol ContentRefusal: Error {
    /// The kind of problem that the upload is answered with from then on; at most 64 characters.
    var failure: String { get }
}
