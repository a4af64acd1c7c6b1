import Accounts
import FoundationEssentials

/// What the page that asks for the code shows.
struct CodePage {
    struct Form {
        var codeError: String?
    }

    struct Challenge {
        /// Masked.
        let address: String
        let secondsLeft: Int
        let lifeText: String
        let triesText: String
        /// 0 when another code may be asked for.
        let resendSeconds: Int
        let resendText: String?

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
            resendSeconds = PageTime.seconds(from: now, to: challenge.resendAt)
            resendText = resendSeconds > 0 ? PageTime.span(resendSeconds) : nil
        }
    }

    var form = Form()
    let challenge: Challenge
}
