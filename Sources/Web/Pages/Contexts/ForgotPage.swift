/// What the form shows that asks for a link to set a new password.
struct ForgotPage {
    struct Form {
        var login = ""
        var loginError: String?
    }

    var form = Form()
}
