/// What the login form shows.
struct LoginPage {
    struct Form {
        var login = ""
        var captchaError: String?
    }

    struct Captcha {
        let id: String
        /// The life of the picture.
        let secondsLeft: Int
    }

    let form: Form
    let captcha: Captcha
}
