/// A page that says one thing: what is not there, what went wrong, what ends without a form.
struct MessagePage {
    struct Message {
        let title: String
        let text: String
        var action: Action?
        /// Where else to go.
        var other: Action?
        /// The id of the request, to be named when one asks for help.
        var reference: String?
    }

    struct Action {
        let href: String
        let label: String
    }

    let message: Message
}
