/// What the form shows that asks for a link to set a new password.
struct ForgotPage: PageContent {
    struct Form: PageContent {
        var login = ""
        var loginError: String?

        var values: PageValues { ["login": .text(login), "loginError": .optional(loginError)] }
    }

    var form = Form()

    var values: PageValues { ["form": .content(form)] }
}
