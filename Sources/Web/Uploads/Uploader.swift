import Accounts
import NIOCore
import Platform

/// Who sends files, and over which connection.
struct Uploader {
    let user: UserID
    /// Kept alive by the files that arrive; nil for whoever comes with a token.
    let session: Session?
    let channel: any Channel
}

extension UserContext {
    var uploader: Uploader { Uploader(user: user.id, session: session, channel: channel) }
}

extension MemberContext {
    var uploader: Uploader { Uploader(user: user.id, session: session, channel: channel) }
}
