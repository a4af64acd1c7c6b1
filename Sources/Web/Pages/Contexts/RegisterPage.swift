import Accounts

/// What the form for a new account shows.
struct RegisterPage: PageContent {
    struct Form: PageContent {
        var name = ""
        var fullName = ""
        var email = ""
        var nameError: String?
        var fullNameError: String?
        var emailError: String?
        var passwordError: String?
        var captchaError: String?

        var values: PageValues {
            [
                "name": .text(name), "fullName": .text(fullName), "email": .text(email), "nameError": .optional(nameError),
                "fullNameError": .optional(fullNameError), "emailError": .optional(emailError), "passwordError": .optional(passwordError),
                "captchaError": .optional(captchaError),
            ]
        }

        /// Words for what is wrong, beside the field that it is about.
        mutating func note(_ problems: [RegistrationProblem]) {
            for problem in problems {
                switch problem {
                case .name:
                    nameError = "A user name has letters, digits and . _ - + only, begins with a letter or digit, and has at most 64."
                case .nameTaken: nameError = "This user name is taken."
                case .email: emailError = "This is not an e-mail address that we can send to."
                case .fullName: fullNameError = "A full name has at most 128 characters and stands on one line."
                case .password(let problem): passwordError = problem.sentence
                }
            }
        }

        var errors: PageErrors? {
            PageErrors(fields: [
                "name": nameError, "full_name": fullNameError, "email": emailError, "password": passwordError, "captcha": captchaError,
            ])
        }
    }

    let form: Form
    let captcha: CaptchaField

    var values: PageValues { ["form": .content(form), "captcha": .content(captcha)] }
}

extension PasswordProblem {
    /// What to tell the person.
    var sentence: String {
        switch self {
        case .tooShort: "This password is too short: it takes at least \(PasswordRules.leastLength) characters."
        case .tooLong: "This password is too long: at most \(PasswordRules.byteLimit) bytes are taken."
        case .common: "This password is one of the first that are tried. Choose another."
        case .personal: "This password is little more than your name or ours. Choose another."
        }
    }
}
