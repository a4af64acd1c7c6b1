import Files

/// What became of one file of a request.
enum UploadOutcome {
    case accepted(FileRecord)
    case refused(name: String?, APIError)
}
