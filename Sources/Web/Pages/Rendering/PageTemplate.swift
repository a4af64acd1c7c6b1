import Mustache

/// The pages that there are, by the names of their templates.
enum PageTemplate: String {
    case account, code, delete, forgot, home, login, message, register, reset
}

extension MustacheLibrary {
    /// All templates, as they were built into the program.
    ///
    /// - Throws: for a template that Mustache cannot read.
    static func builtIn() throws -> MustacheLibrary {
        var library = MustacheLibrary()
        for (name, text) in sources { try library.register(String(decoding: text, as: UTF8.self), named: name) }
        return library
    }

    private static var sources: KeyValuePairs<String, [UInt8]> {
        [
            "account": PackageResources.account_mustache, "captcha": PackageResources.captcha_mustache,
            "code": PackageResources.code_mustache, "confirm-dialog": PackageResources.confirm_dialog_mustache,
            "delete": PackageResources.delete_mustache, "errors": PackageResources.errors_mustache,
            "file-row": PackageResources.file_row_mustache, "forgot": PackageResources.forgot_mustache,
            "home": PackageResources.home_mustache, "layout": PackageResources.layout_mustache,
            "login": PackageResources.login_mustache, "mark": PackageResources.mark_mustache,
            "message": PackageResources.message_mustache, "notice": PackageResources.notice_mustache,
            "register": PackageResources.register_mustache, "reset": PackageResources.reset_mustache,
            "session-dialog": PackageResources.session_dialog_mustache,
        ]
    }
}
