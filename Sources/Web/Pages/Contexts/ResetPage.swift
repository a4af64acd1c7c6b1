/// What the form shows to which that link leads.
struct ResetPage {
    struct Form {
        var passwordError: String?
    }

    var form = Form()
}
