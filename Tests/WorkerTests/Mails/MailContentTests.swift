import Foundation
import Jobs
import Platform
import Testing
import Worker

@Suite("What mails say")
struct MailContentTests {
    private static let site = PublicAddress("https://files.example.org")
    /// 2026-11-22 21:02:03 UTC, and five minutes later.
    private static let start: Int64 = 1_795_381_323
    private static let validity = Validity(from: start * 1000, until: Date(timeIntervalSince1970: Double(start + 300)))

    @Test("H36 what is interpolated into HTML is escaped, for text and for attributes")
    func escaping() {
        let hostile = "<b title=\"x\" id='y'>&amp;</b>"
        let inner: HTML = "<p>\(hostile)</p>"
        let outer: HTML = "<div>\(inner)</div>"
        #expect(outer.markup == "<div><p>&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;</p></div>")
        let joined: HTML = "\("e\u{301}\r\n<")"
        #expect(joined.markup == "e\u{301}\r\n&lt;")
    }

    @Test(
        "the words of a span",
        arguments: [
            (300, "for 5 minutes, until 21:07 UTC"), (60, "for 1 minute, until 21:03 UTC"), (10_800, "for 180 minutes, until 00:02 UTC"),
        ])
    func span(_ seconds: Int, _ words: String) {
        let end = Date(timeIntervalSince1970: Double(Self.start) + Double(seconds))
        #expect(Validity(from: Self.start * 1000, until: end).description == words)
    }

    @Test("both forms of the mail with a code say the same, and only there stands the code")
    func code() throws {
        let mail = try MailContent.loginCode("012345", Self.validity, at: #require(Self.site))
        for form in [mail.text, mail.html.markup] {
            #expect(form.contains("012345") && form.contains("for 5 minutes, until 21:07 UTC"))
            #expect(form.contains("It was not you?") && form.contains("https://files.example.org/password/forgot"))
        }
        #expect(!mail.subject.contains("012345"))
        #expect(mail.text.split(separator: "\n").allSatisfy { $0.utf8.count <= 78 })
    }

    @Test("both forms of the mail with a link have the same one")
    func link() throws {
        let mail = try MailContent.resetLink("abc_-", Self.validity, at: #require(Self.site))
        for form in [mail.text, mail.html.markup] {
            #expect(form.contains("https://files.example.org/password/reset?token=abc_-") && form.contains("It was not you?"))
        }
    }

    @Test("ASVS 6.3.8 both forms of the mail about a registration name the user and lead to the login and to another password")
    func registration() throws {
        let mail = try MailContent.registration(name: "<b>ange", at: #require(Self.site))
        #expect(mail.text.contains("    <b>ange\n") && mail.html.markup.contains("&lt;b&gt;ange") && !mail.subject.contains("ange"))
        for form in [mail.text, mail.html.markup] {
            #expect(form.contains("https://files.example.org/login") && form.contains("https://files.example.org/password/forgot"))
            #expect(form.contains("It was not you?"))
        }
        #expect(mail.text.split(separator: "\n").allSatisfy { $0.utf8.count <= 78 })
    }

    @Test("a mail loads nothing and runs nothing")
    func inert() throws {
        let site = try #require(Self.site)
        let mails = [
            MailContent.loginCode("012345", Self.validity, at: site), .resetLink("abc", Self.validity, at: site),
            .registration(name: "ange", at: site),
        ]
        for mail in mails {
            for active in ["<script", "<img", "<link", "src=", "url(", "@import"] { #expect(!mail.html.markup.contains(active)) }
        }
    }

    @Test("the job holds a kind and a number, and nothing else")
    func payload() throws {
        let job = SendMail(.loginCode, number: UUIDv7())
        let fields = try JSONSerialization.jsonObject(with: Data(job.encodePayload())) as? [String: String]
        #expect(fields == ["kind": "code", "number": "\(job.number)"])
        #expect(try SendMail.decodePayload(job.encodePayload()[...], schemaVersion: 1) == job)
    }
}
