import Accounts

/// A scope that a new token may have, as a box to be ticked on the account page.
struct ScopeOption: PageContent {
    let scope: TokenScope
    let isTicked: Bool

    var values: PageValues {
        ["field": .text(scope.field), "label": .text(scope.label), "isTicked": .flag(isTicked)]
    }
}

extension TokenScope {
    /// The name of its field in the form; its value is `yes`.
    var field: String { "token_" + rawValue }

    fileprivate var label: String {
        switch self {
        case .read: "Read: list and download your files"
        case .write: "Write: upload files"
        case .delete: "Delete files"
        }
    }
}
