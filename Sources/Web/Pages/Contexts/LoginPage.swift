/// What the login form shows.
struct LoginPage: PageContent {
    struct Form: PageContent {
        var login = ""
        var captchaError: String?

        var values: PageValues {
            ["login": .text(login), "captchaError": .optional(captchaError)]
        }
    }

    struct Captcha: PageContent {
        let id: String
        /// The life of the picture.
        let secondsLeft: Int

        var values: PageValues {
            ["id": .text(id), "secondsLeft": .number(secondsLeft)]
        }
    }

    let form: Form
    let captcha: Captcha

    var values: PageValues { ["form": .content(form), "captcha": .content(captcha)] }
}
