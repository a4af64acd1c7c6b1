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

    /// Whether the one that came with a form was solved; uses it up.
    ///
    /// - Throws: `APIError` for too many answers.
    func isSolved(_ context: PageContext) async throws -> Bool {
        let form = context.form
        // What cannot be the name of a captcha was not solved either.
        guard let id = CaptchaID(try form.text("captcha_id")) else { return false }
        switch try await captchas.answer(id, with: try form.text("captcha"), for: try context.session(), context.visit.visitor) {
        case .right: return true
        case .wrong: return false
        case .throttled(let retryAfter): throw APIError.throttled("Too many tries", retryAfter: retryAfter)
        }
    }
}
