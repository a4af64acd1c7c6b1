import CCurl

/// The table that sorts SMTP failures (row 77). A reply of the server goes before libcurl's code.
package enum SMTPFailure {
    package static func disposition(reply code: Int) -> SMTPError.Disposition {
        switch code {
        case 421, 432, 454: .unavailable  // closing; authentication or TLS not available for now
        case 530, 534, 535, 538: .unavailable  // not signed in: our credentials, not this message
        case 400..<500: .retry
        default: .fatal
        }
    }

    package static func disposition(curl code: UInt32) -> SMTPError.Disposition {
        switch CURLcode(code) {
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .fatal
        default: .unavailable  // connection, TLS, sign-in, timeouts
        }
    }

    static func error(_ outcome: CurlOutcome, reply: ServerReply?) -> SMTPError {
        let sorted = disposition(curl: outcome.code.rawValue)
        if sorted != .cancelled, let reply, reply.isFailure {
            return SMTPError(disposition(reply: reply.code), replyCode: reply.code, message: "refused with \(reply.code)")
        }
        return SMTPError(sorted, message: outcome.text)
    }
}
