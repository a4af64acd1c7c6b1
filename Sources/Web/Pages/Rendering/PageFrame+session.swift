import Accounts
import FoundationEssentials
import Platform

extension PageFrame {
    /// Around a page of this session.
    init(_ session: Session, errors: PageErrors? = nil, notice: String? = nil) {
        self.init(csrf: session.csrf.reveal(), errors: errors, notice: notice)
        guard let user = session.user else { return }
        account = Account(userName: user.name)
        self.session = Clock(secondsLeft: PageTime.seconds(from: Date(), to: session.idleEnd))
    }
}
