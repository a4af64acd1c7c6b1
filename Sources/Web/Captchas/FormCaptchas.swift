import Accounts
import Hummingbird

/// The captchas in forms that anybody may send and that cost us or others something: a hash, a row, a mail (ASVS 2.4.1).
struct FormCaptchas {
    let captchas: CaptchaStore

    /// A new one for a form that is shown, since each has one try.
    func make(for session: Session, on page: String) -> CaptchaField {
        CaptchaField(
            id: captchas.make(for: session).description, secondsLeft: CaptchaStore.lifetime.wholeSeconds, page: page)
    }

    /// Which one a form answers, and with what. Nil for what cannot be the name of a captcha, and so was not solved either.
    static func answer(in form: FormFields) throws -> (captcha: CaptchaID, text: String)? {
        guard let id = CaptchaID(try form.text("captcha_id")) else { return nil }
        return (id, try form.text("captcha"))
    }

    /// Whether the one that came with a form was solved; uses it up.
    ///
    /// - Throws: `APIError` for too many answers.
    func isSolved(_ context: PageContext) async throws -> Bool {
        guard let answer = try Self.answer(in: context.form) else { return false }
        switch try await captchas.answer(answer.captcha, with: answer.text, for: try context.session(), context.visit.visitor) {
        case .right: return true
        case .wrong: return false
        case .throttled(let retryAfter): throw APIError.throttled("Too many tries", retryAfter: retryAfter)
        }
    }
}
