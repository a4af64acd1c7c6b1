/// What pages show around their content. The properties are the names in the templates (CONTEXT.md).
struct PageFrame {
    /// Repeated by every form; empty where there is no session, on pages without a form.
    var csrf = ""
    /// Nil unless somebody is signed in.
    var account: Account?
    var session: Clock?
    /// Nil when nothing is wrong.
    var errors: PageErrors?
    /// What went well, or why one is here.
    var notice: String?

    struct Account {
        let userName: String
    }

    struct Clock {
        /// Until the nearer of both limits.
        let secondsLeft: Int
    }
}

/// What is wrong with a form that was sent.
struct PageErrors {
    struct Item {
        /// A whole sentence.
        let text: String
        /// The field that it is about.
        var errorField: String?
        /// The file that it is about.
        var errorFile: String?
    }

    let title: String
    let items: [Item]

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
