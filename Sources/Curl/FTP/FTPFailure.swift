import CCurl

/// The table that sorts FTP failures.
///
/// A reply of the server says more than libcurl's code, so it is looked at first. What says something of the server, such as a full
/// disk or a directory that it may not write to, costs no attempt, however far the upload had come: names are made by us, so nothing
/// in them is one file's fault. What breaks off while the bytes of this file flow, without a reason given, costs one, so that a file
/// which always breaks the connection ends in the dead set instead of looping for ever.
package enum FTPFailure {
    /// How far the operation had come.
    package enum Stage: Sendable {
        /// Connecting, signing in, or any command without data.
        case command
        /// STOR has been sent and not been accepted.
        case storing
        /// The server has accepted the upload (150): bytes flow, or the file gets its name.
        case data
    }

    package static func disposition(reply code: Int, stage: Stage) -> FTPError.Disposition {
        switch code {
        case 421: stage == .data ? .retry : .unavailable  // closing; idle limit or shutdown
        case 425, 430, 434, 331, 332, 530, 532: .unavailable  // no data connection; not signed in
        case 431, 533, 534, 535, 536, 537: .unavailable  // protection refused (RFC 4217)
        case 451, 452, 552: .unavailable  // its own trouble (vsftpd's word for a full disk); no space; over the quota
        case 550, 553: stage == .storing ? .unavailable : .retry  // access denied, or gone
        case 500, 501, 502, 503, 504: .fatal  // a command the server does not have
        case 551: .retry
        case 400..<500: .retry  // 426 aborted, 450 busy
        default: .fatal
        }
    }

    package static func disposition(curl code: UInt32, stage: Stage) -> FTPError.Disposition {
        switch CURLcode(code) {
        case CURLE_ABORTED_BY_CALLBACK:
            .cancelled
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            .fatal
        case CURLE_READ_ERROR, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_LOGIN_DENIED, CURLE_WEIRD_SERVER_REPLY,
            CURLE_FTP_WEIRD_PASS_REPLY, CURLE_FTP_WEIRD_PASV_REPLY, CURLE_FTP_WEIRD_227_FORMAT, CURLE_FTP_CANT_GET_HOST,
            CURLE_FTP_COULDNT_SET_TYPE, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED,
            CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
            .unavailable
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_OPERATION_TIMEDOUT, CURLE_AGAIN:
            stage == .data ? .retry : .unavailable
        default:
            .retry
        }
    }

    /// The error for a transfer that failed.
    ///
    /// - Parameter reply: the last reply, if it is the cause.
    static func error(_ outcome: CurlOutcome, reply: ServerReply?, stage: Stage, doing action: String) -> FTPError {
        if outcome.code == CURLE_ABORTED_BY_CALLBACK {
            return FTPError(.cancelled, message: "cancelled while \(action)")
        }
        let byCode = disposition(curl: outcome.code.rawValue, stage: stage)
        guard let reply, reply.isFailure else { return FTPError(byCode, message: "\(action): \(outcome.text)") }
        // A refused login or TLS is about the server, whatever code it finds for it.
        let sorted =
            if isAboutConnection(outcome.code) {
                byCode
            } else if reply.text.hasPrefix("OOPS") {
                // How vsftpd words its own troubles, whatever it was asked for, before it closes the connection.
                stage == .data ? .retry : FTPError.Disposition.unavailable
            } else if saysFull(reply.text) || stage != .command && saysDenied(reply.text) == true {
                FTPError.Disposition.unavailable
            } else {
                disposition(reply: reply.code, stage: stage)
            }
        return FTPError(sorted, replyCode: reply.code, message: "\(action): \(reply.code) \(reply.text)")
    }

    /// Whether what failed was the greeting, signing in, securing the connection or opening one for data.
    private static func isAboutConnection(_ code: CURLcode) -> Bool {
        [
            CURLE_USE_SSL_FAILED, CURLE_LOGIN_DENIED, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_WEIRD_SERVER_REPLY,
            CURLE_FTP_WEIRD_PASS_REPLY, CURLE_FTP_WEIRD_PASV_REPLY, CURLE_FTP_WEIRD_227_FORMAT, CURLE_FTP_CANT_GET_HOST,
            CURLE_FTP_COULDNT_SET_TYPE,
        ].contains(code)
    }

    /// Whether a reply's text says that there is no room: servers disagree about the code for it.
    package static func saysFull(_ text: String) -> Bool {
        let text = text.lowercased()
        return ["no space", "enough space", "insufficient s", "disk full", "quota"].contains(where: text.contains)
    }

    /// Whether a 550 text says that access is denied; nil when it does not tell (RFC 959 has one code for both).
    package static func saysDenied(_ text: String) -> Bool? {
        let text = text.lowercased()
        if ["denied", "not permitted", "not allowed", "forbidden", "read-only", "privilege"].contains(where: text.contains) { return true }
        if ["no such", "not found", "not exist", "cannot find", "can't find", "nonexistent"].contains(where: text.contains) {
            return false
        }
        return nil
    }
}
