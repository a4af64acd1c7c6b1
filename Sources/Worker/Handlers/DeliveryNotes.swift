package import Accounts
import Jobs
import Logging
import Platform

/// Takes down what became of mails, for whoever waits for one before a browser: those with codes.
package struct DeliveryNotes: Sendable {
    package typealias Note = @Sendable (MailDelivery, LoginChallengeID) async throws -> Void

    private let note: Note
    private let log = FailureLog()

    /// - Parameter note: `SignIn.note(_:of:)`.
    package init(note: @escaping Note) {
        self.note = note
    }

    /// A note that cannot be written changes nothing for the mail.
    func write(_ delivery: MailDelivery, of job: SendMail, _ logger: Logger) async {
        guard job.kind == .loginCode else { return }
        do {
            try await note(delivery, LoginChallengeID(rawValue: job.number))
        } catch {
            guard log.isDue("\(type(of: error))", at: .now) else { return }
            logger.warning("what became of a mail is not shown", metadata: .init([.error: "\(error)"]))
        }
    }
}
