import Accounts
import FoundationEssentials

/// What the page that asks for the code shows.
struct CodePage: PageContent {
    struct Form: PageContent {
        var codeError: String?

        var values: PageValues { ["codeError": .optional(codeError)] }
    }

    struct Challenge: PageContent {
        /// Masked.
        let address: String
        let secondsLeft: Int
        let lifeText: String
        let triesText: String
        /// Nil while there is nothing to say of the mail.
        let mailText: String?
        /// 0 when another code may be asked for.
        let resendSeconds: Int
        let resendText: String?

        var values: PageValues {
            [
                "address": .text(address), "secondsLeft": .number(secondsLeft), "lifeText": .text(lifeText), "triesText": .text(triesText),
                "mailText": .optional(mailText),
                "resendSeconds": .number(resendSeconds), "resendText": .optional(resendText),
            ]
        }

        init(_ challenge: LoginChallenge, now: Date) {
            address = challenge.maskedAddress
            secondsLeft = PageTime.seconds(from: now, to: challenge.expiresAt)
            lifeText = PageTime.span(secondsLeft)
            triesText =
                switch challenge.triesLeft {
                case 0: "No tries left"
                case 1: "1 try left"
                default: "\(challenge.triesLeft) tries left"
                }
            mailText = challenge.mailSentence
            resendSeconds = PageTime.seconds(from: now, to: challenge.resendAt)
            resendText = resendSeconds > 0 ? PageTime.span(resendSeconds) : nil
        }
    }

    var form = Form()
    let challenge: Challenge

    var values: PageValues { ["form": .content(form), "challenge": .content(challenge)] }
}

extension LoginChallenge {
    /// What whoever waits for the mail is told of it (H77).
    var mailSentence: String? {
        switch delivery {
        case .delayed: "The mail is late: the mail server has not taken it yet. It is tried again for as long as the code is valid."
        case .refused:
            "The code could not be delivered to \(maskedAddress); the mail server refused it for good. If another one fares no better, ask "
                + "whoever runs this site."
        case .accepted, nil: nil
        }
    }
}
