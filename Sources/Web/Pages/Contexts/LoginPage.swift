/// What the login form shows.
struct LoginPage: PageContent {
    struct Form: PageContent {
        var login = ""
        var captchaError: String?

        var values: PageValues {
            ["login": .text(login), "captchaError": .optional(captchaError)]
        }
    }

    let form: Form
    let captcha: CaptchaField

    var values: PageValues { ["form": .content(form), "captcha": .content(captcha)] }
}
