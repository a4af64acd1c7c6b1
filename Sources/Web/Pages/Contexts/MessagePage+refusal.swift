import Hummingbird

extension MessagePage.Message {
    /// What a person is told about a refusal.
    init(_ refusal: APIError, for request: Request) {
        let problem = refusal.problem
        let home = MessagePage.Action(href: "/", label: "Go to your files")
        let again = MessagePage.Action(href: request.method == .get ? request.uri.string : request.uri.path, label: "Try again")
        switch problem.status {
        case 404:
            self.init(title: "There is nothing here", text: "The address may be mistyped, or what was here is gone.", action: home)
        case 403:
            self.init(
                title: "This form is too old", text: "Nothing was changed. Open the page again, then try once more.",
                action: .init(href: "/", label: "Start again"))
        case 421: self.init(title: problem.title, text: problem.detail ?? "", action: nil)
        case 429: self.init(title: problem.title, text: problem.detail ?? "Try again in a moment.", action: nil)
        case 503, 507:
            self.init(
                title: "One moment, please", text: "A part of Sluice does not answer. Nothing was lost. Try again in a few seconds.",
                action: again, reference: request.headers.plainRequestID)
        case 500...:
            self.init(
                title: "Something went wrong on our side", text: "It was written down. Try again, or ask for help if it stays like this.",
                action: home, reference: request.headers.plainRequestID)
        default: self.init(title: problem.title, text: problem.detail ?? "The request was not carried out.", action: home)
        }
    }
}
