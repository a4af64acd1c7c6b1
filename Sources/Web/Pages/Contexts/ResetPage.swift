/// What the form shows to which that link leads.
struct ResetPage: PageContent {
    struct Form: PageContent {
        var passwordError: String?

        var values: PageValues { ["passwordError": .optional(passwordError)] }
    }

    var form = Form()

    var values: PageValues { ["form": .content(form)] }
}
