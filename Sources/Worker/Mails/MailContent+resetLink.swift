package import Platform

extension MailContent {
    /// The link with which the owner of an address chooses a new password.
    package static func resetLink(_ token: String, _ validity: Validity, at site: PublicAddress) -> MailContent {
        let link = site.origin + "/password/reset?token=" + token
        return MailContent(
            subject: "A new password for Sluice",
            text: """
                Hello,

                somebody, most likely you, asked to choose a new password for Sluice at
                \(site). This link leads to it:

                \(link)

                It works once, \(validity).

                It was not you? Then ignore this mail: your password stays as it is.

                """,
            body: """
                <p>Hello,</p>
                <p>somebody, most likely you, asked to choose a new password for Sluice at \(site.origin). This link leads to it:</p>
                <p style="margin:24px 0; overflow-wrap:anywhere"><a href="\(link)">\(link)</a></p>
                <p>It works once, \(validity.description).</p>
                <p>It was not you? Then ignore this mail: your password stays as it is.</p>
                """)
    }
}
