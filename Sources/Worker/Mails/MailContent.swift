/// What a mail says, in the two forms that it is sent in. Each mail has a file of its own that makes one.
package struct MailContent: Sendable {
    package let subject: String
    package let text: String
    package let html: HTML

    /// - Parameters:
    ///   - text: plain, with a line break at the end.
    ///   - body: the same, for the body of a page.
    init(subject: String, text: String, body: HTML) {
        self.subject = subject
        self.text = text
        html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(subject)</title>
            </head>
            <body style="margin:0; padding:24px; font:16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif">
            <div style="max-width:34em; margin:0 auto">
            \(body)
            </div>
            </body>
            </html>

            """
    }
}
