/// A page that says one thing: what is not there, what went wrong, what ends without a form.
struct MessagePage: PageContent {
    struct Message: PageContent {
        let title: String
        let text: String
        var action: Action?
        /// Where else to go.
        var other: Action?
        /// The id of the request, to be named when one asks for help.
        var reference: String?

        var values: PageValues {
            [
                "title": .text(title), "text": .text(text), "action": .content(action), "other": .content(other),
                "reference": .optional(reference),
            ]
        }
    }

    struct Action: PageContent {
        let href: String
        let label: String

        var values: PageValues { ["href": .text(href), "label": .text(label)] }
    }

    let message: Message

    var values: PageValues { ["message": .content(message)] }
}
