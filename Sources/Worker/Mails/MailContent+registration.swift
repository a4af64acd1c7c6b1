package import Platform

extension MailContent {
    /// What the owner of an address is told with which somebody tried to register: the page has told nobody that there is an account.
    package static func registration(name: String, at site: PublicAddress) -> MailContent {
        let (login, forgot) = (site.origin + "/login", site.origin + "/password/forgot")
        return MailContent(
            subject: "You have an account for Sluice",
            text: """
                Hello,

                somebody, perhaps you, tried to create an account for Sluice at
                \(site) with this address. It has one
                already, and nothing was made or changed. Your user name is

                    \(name)

                Log in with it, or with this address:

                \(login)

                You do not know the password any more? Then choose a new one:

                \(forgot)

                It was not you? Then ignore this mail: whoever it was did not learn that
                you have an account.

                """,
            body: """
                <p>Hello,</p>
                <p>somebody, perhaps you, tried to create an account for Sluice at \(site.origin) with this address. It has one already, \
                and nothing was made or changed. Your user name is</p>
                <p style="margin:24px 0; font-weight:700; overflow-wrap:anywhere"><bdi>\(name)</bdi></p>
                <p><a href="\(login)">Log in</a> with it, or with this address. You do not know the password any more? Then \
                <a href="\(forgot)">choose a new one</a>.</p>
                <p>It was not you? Then ignore this mail: whoever it was did not learn that you have an account.</p>
                """)
    }
}
