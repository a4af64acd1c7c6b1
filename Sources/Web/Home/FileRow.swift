import Files
import Platform

/// A file in the list of the home page.
struct FileRow: PageContent {
    let id: String
    let name: String
    let size: Int64
    let sizeText: String
    let addedISO: String
    let addedText: String
    let state: String
    let stateText: String
    /// Why it was given up.
    let failure: String?

    var values: PageValues {
        [
            "id": .text(id), "name": .text(name), "size": .number(size), "sizeText": .text(sizeText), "addedISO": .text(addedISO),
            "addedText": .text(addedText), "state": .text(state), "stateText": .text(stateText), "failure": .optional(failure),
        ]
    }

    init(_ file: FileRecord) {
        id = file.id.description
        name = file.name
        size = file.size
        sizeText = PageSize.text(file.size)
        addedISO = PageTime.iso(file.createdAt)
        addedText = PageTime.text(file.createdAt)
        state = file.state.rawValue
        stateText = file.state.label
        failure = file.failure
    }

    /// The one that scripts fill.
    static let blank = FileRow()

    private init() {
        (id, name, size, sizeText, addedISO, addedText, stateText) = ("", "", 0, "", "", "", "")
        state = FileState.staged.rawValue
        failure = nil
    }
}

extension FileState {
    /// For people.
    var label: String {
        switch self {
        case .staged: "On its way"
        case .stored: "Stored"
        case .failed: "Failed"
        case .deleting: "Deleted"
        }
    }
}
