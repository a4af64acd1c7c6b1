/// What pages show around their content.
struct PageFrame: PageContent {
    /// Repeated by every form; empty where there is no session, on pages without a form.
    var csrf = ""
    /// Nil unless somebody is signed in.
    var account: Account?
    var session: Clock?
    /// Nil when nothing is wrong.
    var errors: PageErrors?
    /// What went well, or why one is here.
    var notice: String?

    struct Account: PageContent {
        let userName: String

        var values: PageValues { ["userName": .text(userName)] }
    }

    struct Clock: PageContent {
        /// Until the nearer of both limits.
        let secondsLeft: Int

        var values: PageValues { ["secondsLeft": .number(secondsLeft)] }
    }

    var values: PageValues {
        [
            "csrf": .text(csrf), "account": .content(account), "session": .content(session), "errors": .content(errors),
            "notice": .optional(notice),
        ]
    }
}

/// What is wrong with a form that was sent.
struct PageErrors: PageContent {
    struct Item: PageContent {
        /// A whole sentence.
        let text: String
        /// The field that it is about.
        var errorField: String?
        /// The file that it is about.
        var errorFile: String?

        var values: PageValues {
            ["text": .text(text), "errorField": .optional(errorField), "errorFile": .optional(errorFile)]
        }
    }

    let title: String
    let items: [Item]

    var values: PageValues { ["title": .text(title), "items": .rows(.errorItem, items)] }

    init(title: String, items: [Item]) {
        self.title = title
        self.items = items
    }

    /// One thing that is about no field.
    init(title: String, _ text: String) {
        self.init(title: title, items: [Item(text: text)])
    }

    /// Errors of fields, in the order of the form.
    ///
    /// - Returns: nil when no field has any.
    init?(fields: KeyValuePairs<String, String?>) {
        let items = fields.compactMap { field, text in text.map { Item(text: $0, errorField: field) } }
        guard !items.isEmpty else { return nil }
        let count = ["One thing needs", "Two things need", "Three things need", "Four things need"]
        self.init(title: "\(count[min(items.count, count.count) - 1]) a change", items: items)
    }
}
