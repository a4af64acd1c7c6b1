package import Platform

extension MailContent {
    /// The code with which somebody who gave the right password signs in.
    ///
    /// The subject does not show it: subjects stand on locked screens and in the logs of mail servers.
    package static func loginCode(_ code: String, _ validity: Validity, at site: PublicAddress) -> MailContent {
        let forgot = site.origin + "/password/forgot"
        return MailContent(
            subject: "Your code for Sluice",
            text: """
                Hello,

                this is your code to log in to Sluice at \(site):

                    \(code)

                It works once, \(validity),
                in the browser that asked for it. Nobody at Sluice will ever ask you for it.

                It was not you? Then ignore this mail: without the code nobody gets in.
                But whoever asked for it knew your password, so choose a new one:

                \(forgot)

                """,
            body: """
                <p>Hello,</p>
                <p>this is your code to log in to Sluice at \(site.origin):</p>
                <p style="margin:24px 0; font:700 36px/1.2 ui-monospace, Menlo, Consolas, monospace; letter-spacing:0.15em; \
                -webkit-user-select:all; user-select:all">\(code)</p>
                <p>It works once, \(validity.description), in the browser that asked for it. Nobody at Sluice will ever ask you for it.</p>
                <p>It was not you? Then ignore this mail: without the code nobody gets in. But whoever asked for it knew your password, \
                so <a href="\(forgot)">choose a new one</a>.</p>
                """)
    }
}
