import Accounts
import Cryptography

/// What the form shows to which that link leads.
struct ResetPage: PageContent {
    struct Form: PageContent {
        var passwordError: String?

        var values: PageValues { ["passwordError": .optional(passwordError)] }

        var errors: PageErrors? { PageErrors(fields: ["password": passwordError]) }
    }

    let form: Form
    /// Whose password is set, masked.
    let address: String
    /// Names the link that the page was shown for, and gives nothing.
    let link: String

    init(form: Form = Form(), address: String, token: OpaqueToken) {
        (self.form, self.address, link) = (form, address, token.digest.description)
    }

    var values: PageValues { ["form": .content(form), "address": .text(address), "link": .text(link)] }
}
