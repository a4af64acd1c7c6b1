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
                title: "This page is too old",
                text:
                    "Since it was opened you have logged in anew or changed your password, perhaps in another tab. Nothing was changed, and "
                    + "nothing that you typed was kept. Open the page again, then try once more.",
                action: .init(href: request.uri.path.hasPrefix("/account") ? "/account" : "/", label: "Open it again"))
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
