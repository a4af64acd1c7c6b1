import Accounts
import NIOCore
import Platform

/// Who sends files, and over which connection.
struct Uploader {
    let user: UserID
    /// A session is kept alive by the files that arrive.
    let credential: Credential
    let channel: any Channel
}

extension UserContext {
    var uploader: Uploader { Uploader(user: user.id, credential: user.credential, channel: channel) }
}

extension MemberContext {
    var uploader: Uploader { Uploader(user: user.id, credential: .session(session), channel: channel) }
}
