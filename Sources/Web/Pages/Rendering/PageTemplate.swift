/// The templates that there are, by the names of their files.
package enum PageTemplate: String, Sendable, CaseIterable {
    // Pages.
    case account, code, delete, forgot, home, login, message, register, reset
    // What pages have in common.
    case captcha, errors, layout, mark, notice
    case confirmDialog = "confirm-dialog"
    case sessionDialog = "session-dialog"
    // Rows.
    case errorItem = "error-item"
    case fileRow = "file-row"
    case lifetimeOption = "lifetime-option"
    case scopeOption = "scope-option"
    case sessionRow = "session-row"
    case tokenRow = "token-row"

    /// Whether it is a row of a list: one skeleton, filled as often as the list is long.
    package var isRow: Bool {
        switch self {
        case .errorItem, .fileRow, .lifetimeOption, .scopeOption, .sessionRow, .tokenRow: true
        default: false
        }
    }

    /// As it was built into the program.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    private var bytes: [UInt8] {
        switch self {
        case .account: PackageResources.account_mustache
        case .captcha: PackageResources.captcha_mustache
        case .code: PackageResources.code_mustache
        case .confirmDialog: PackageResources.confirm_dialog_mustache
        case .delete: PackageResources.delete_mustache
        case .errorItem: PackageResources.error_item_mustache
        case .errors: PackageResources.errors_mustache
        case .fileRow: PackageResources.file_row_mustache
        case .forgot: PackageResources.forgot_mustache
        case .home: PackageResources.home_mustache
        case .layout: PackageResources.layout_mustache
        case .lifetimeOption: PackageResources.lifetime_option_mustache
        case .login: PackageResources.login_mustache
        case .mark: PackageResources.mark_mustache
        case .message: PackageResources.message_mustache
        case .notice: PackageResources.notice_mustache
        case .register: PackageResources.register_mustache
        case .reset: PackageResources.reset_mustache
        case .scopeOption: PackageResources.scope_option_mustache
        case .sessionDialog: PackageResources.session_dialog_mustache
        case .sessionRow: PackageResources.session_row_mustache
        case .tokenRow: PackageResources.token_row_mustache
        }
    }
}
