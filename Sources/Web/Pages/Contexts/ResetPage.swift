/// What the form shows to which that link leads.
struct ResetPage {
    struct Form {
        var passwordError: String?
    }

    struct Reset {
        let token: String
    }

    let reset: Reset
    var form = Form()
}
