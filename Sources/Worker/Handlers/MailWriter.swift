package import Accounts
package import Curl
import FoundationEssentials
package import Jobs
package import Platform

/// Writes the mail that a job names.
///
/// The same job gives the same message each time, down to its date and Message-ID: should a killed worker leave a second copy, mail
/// programs know it for one.
package struct MailWriter: Sendable {
    package typealias LoginSource = @Sendable (LoginChallengeID) async throws -> LoginMail?
    package typealias ResetSource = @Sendable (PasswordResetID) async throws -> ResetMail?
    package typealias RegistrationSource = @Sendable (RegistrationNoticeID) async throws -> RegistrationMail?

    private let sender: MailAddress
    private let site: PublicAddress
    private let login: LoginSource
    private let reset: ResetSource
    private let registration: RegistrationSource

    /// - Parameters:
    ///   - login: `SignIn.mail(for:)`.
    ///   - reset: `PasswordResets.mail(for:)`.
    ///   - registration: `Registration.mail(for:)`.
    package init(
        sender: MailAddress, site: PublicAddress, login: @escaping LoginSource, reset: @escaping ResetSource,
        registration: @escaping RegistrationSource
    ) {
        self.sender = sender
        self.site = site
        self.login = login
        self.reset = reset
        self.registration = registration
    }

    /// - Returns: nil when there is no use in the mail any more.
    /// - Throws: `SMTPError` for an address that no mail can be sent to; what the sources throw.
    package func message(for job: SendMail) async throws -> MailMessage? {
        let start = job.number.milliseconds
        switch job.kind {
        case .loginCode:
            guard let mail = try await login(LoginChallengeID(rawValue: job.number)) else { return nil }
            let validity = Validity(from: start, until: mail.expiresAt)
            return try message(.loginCode(mail.code.reveal(), validity, at: site), to: mail.address, job)
        case .resetLink:
            guard let mail = try await reset(PasswordResetID(rawValue: job.number)) else { return nil }
            let validity = Validity(from: start, until: mail.expiresAt)
            return try message(.resetLink(mail.token.reveal(), validity, at: site), to: mail.address, job)
        case .registration:
            guard let mail = try await registration(RegistrationNoticeID(rawValue: job.number)) else { return nil }
            return try message(.registration(name: mail.name, at: site), to: mail.address, job)
        }
    }

    private func message(_ content: MailContent, to address: String, _ job: SendMail) throws(SMTPError) -> MailMessage {
        try MailMessage(
            from: sender, to: MailAddress(address), subject: content.subject, text: content.text, html: content.html.markup,
            messageID: "\(job.id)@\(sender.domain)", date: Date(timeIntervalSince1970: Double(job.number.milliseconds / 1000)))
    }
}
