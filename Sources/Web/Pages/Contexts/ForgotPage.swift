/// What the form shows that asks for a link to set a new password.
struct ForgotPage: PageContent {
    struct Form: PageContent {
        var login = ""
        var loginError: String?
        var captchaError: String?

        var values: PageValues {
            ["login": .text(login), "loginError": .optional(loginError), "captchaError": .optional(captchaError)]
        }

        var errors: PageErrors? { PageErrors(fields: ["login": loginError, "captcha": captchaError]) }
    }

    let form: Form
    let captcha: CaptchaField

    var values: PageValues { ["form": .content(form), "captcha": .content(captcha)] }
}
