import Accounts
import NIOCore
import Platform
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Skeletons of pages")
    struct SkeletonTests {
        /// A page that was shown: what it was made of.
        private struct Shown: Sendable {
            let template: PageTemplate
            let content: any PageContent
            let frame: any PageContent
        }

        /// Markup, entities, Mustache's own syntax, marks, and what browsers or terminals might stumble over.
        private static let texts = [
            "<script>alert(\"x\")</script>", "'&amp;&#39;", "{{csrf}}{{{csrf}}}", "\u{1}0\u{2}", "\u{1}", "\u{2}\u{0}", "", "é😀\u{202E}",
            "two\r\nlines", "plain", "\u{1}99999999999999999999\u{2}",
        ]

        private let assets = AssetStore().addresses

        @Test("every page is what Mustache makes of its values, in whatever shape, and templates and contexts have the same names")
        func pages() async throws {
            let shown = try await everyPage()
            #expect(Set(shown.map(\.template)) == [.account, .code, .delete, .forgot, .home, .login, .message, .register, .reset])
            let (reference, skeletons) = (try PageReference(assets: assets), try PageSkeletons(assets: assets, limit: 1000))
            let names = PageNames()
            for page in shown {
                compare(written(page, skeletons), reference.render(page.template, page.content, in: page.frame, names), page.template)
                var texts = Self.texts[...]
                func next() -> String {
                    if texts.isEmpty { texts = Self.texts[...] }
                    return texts.removeFirst()
                }
                for seed in 0..<UInt64(40) {
                    let other = Shown(
                        template: page.template, content: PageSample(like: page.content, seed: seed, text: next),
                        frame: PageSample(like: page.frame, seed: seed + 1000, text: next))
                    let expected = reference.render(other.template, other.content, in: other.frame, names)
                    compare(written(other, skeletons), expected, page.template)
                }
            }
            #expect(names.unused.isEmpty && names.unknown.isEmpty, "not in templates: \(names.unused), not in contexts: \(names.unknown)")
        }

        @Test(
            "H36 what Swift takes for one character is escaped by its parts, in every place of every page",
            arguments: [
                ("\"\u{301} onfocus=x y=\"\u{301}", "&quot;\u{301} onfocus=x y=&quot;\u{301}"), ("<\u{338}b", "&lt;\u{338}b"),
                (">\u{338}", "&gt;\u{338}"), ("&\u{20DD}lt;", "&amp;\u{20DD}lt;"), ("\u{600}'", "\u{600}&#39;"),
                ("\r\n\"\u{200D}<", "\r\n&quot;\u{200D}&lt;"),
            ])
        func combined(text: String, escaped: String) async throws {
            let (reference, skeletons) = (try PageReference(assets: assets), try PageSkeletons(assets: assets, limit: 1000))
            for page in try await everyPage() {
                let plain = Shown(
                    template: page.template, content: PageSample(like: page.content, seed: 1) { "TEXT" },
                    frame: PageSample(like: page.frame, seed: 1) { "TEXT" })
                let hostile = Shown(
                    template: page.template, content: PageSample(like: page.content, seed: 1) { text },
                    frame: PageSample(like: page.frame, seed: 1) { text })
                let expected = try #require(reference.render(plain.template, plain.content, in: plain.frame))
                compare(written(hostile, skeletons), expected.replacing("TEXT", with: escaped), page.template)
            }
        }

        @Test("so many skeletons are kept, and pages stay right when there are more")
        func limit() async throws {
            let (reference, skeletons) = (try PageReference(assets: assets), try PageSkeletons(assets: assets, limit: 3))
            for _ in 0..<2 {
                for page in try await everyPage() {
                    compare(written(page, skeletons), reference.render(page.template, page.content, in: page.frame), page.template)
                    #expect(skeletons.count <= 3)
                }
            }
        }

        /// Byte by byte; says where the first difference is, and not all of two pages.
        private func compare(
            _ text: String, _ expected: String?, _ template: PageTemplate, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let (bytes, wanted) = (Array(text.utf8), Array((expected ?? "").utf8))
            guard bytes != wanted else { return }
            let place = zip(bytes, wanted).prefix { $0 == $1 }.count
            func excerpt(_ bytes: [UInt8]) -> String { String(decoding: bytes.dropFirst(max(0, place - 100)).prefix(200), as: UTF8.self) }
            Issue.record("\(template): \(excerpt(bytes))\n  instead of \(excerpt(wanted))", sourceLocation: sourceLocation)
        }

        private func written(_ page: Shown, _ skeletons: PageSkeletons) -> String {
            var csrf = ""
            for case ("csrf", .text(let token)) in page.frame.values.pairs { csrf = token }
            var writer = PageWriter(skeletons, csrf: csrf)
            writer.write(page.template, page.content, in: page.frame)
            return String(buffer: writer.buffer)
        }

        /// Each page once, with all that can be on it: the samples leave some of it out.
        private func everyPage() async throws -> [Shown] {
            let shown = Recorder<Shown>()
            try await WebServer.withRedis(onPage: { shown.record(Shown(template: $0, content: $1, frame: $2)) }) { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                let member = try await browser.member()
                #expect(try await browser.login(member.name, "wrong").status == 422)
                try await browser.get("/register")
                try await browser.fill("/password/forgot", ["login": member.name])
                let id = try #require(server.links.all.last)
                let link = try #require(try await server.resets.mail(for: id))
                try await browser.get("/password/reset?token=\(link.token.reveal())")
                try await browser.get("/password/reset")
                try await other.get("/password/reset")
                try await browser.get("/nowhere")
                try await other.enter(member.name)
                try await browser.enter(member.name)
                let file = try await browser.upload("a <b>.txt")
                try await browser.get("/")
                #expect(try await browser.post("/files/\(file)/delete").status == 200)
                let made = try await browser.post(
                    "/account/tokens",
                    ["token_name": "backup", "token_days": "30", "token_read": "yes", "token_password": Browser.password])
                let token = try #require(Page.between("id=\"new-token\" value=\"", "\"", in: made.text))
                Recorder<String>.secrets.record(token)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: token)).status == 200)
                #expect(try await eventually { try await !browser.get("/account").text.contains("Never used") })
            }
            return shown.all
        }
    }
}
