import Accounts
import Redis
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    @Suite("Captchas of the login page")
    struct CaptchaPageTests {
        @Test("H83 pictures and sounds: of one's own captcha only, the same bytes again")
        func served() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                let page = try await browser.get("/login")
                #expect(page.text.contains("first letter of each word"))
                let id = try #require(Page.value(of: "captcha_id", in: page.text))
                try await other.get("/login")
                for (ending, type, start) in [("png", "image/png", "\u{89}PNG"), ("wav", "audio/wav", "RIFF")] {
                    let first = try await browser.get("/captcha/\(id).\(ending)")
                    #expect(first.status == 200 && first["content-type"] == type && first["cache-control"] == "no-store")
                    #expect(first.body.prefix(4).elementsEqual(start.unicodeScalars.map { UInt8($0.value) }))
                    #expect(try await browser.get("/captcha/\(id).\(ending)").body == first.body)
                    for stranger in [other, Browser(server)] {
                        #expect(try await stranger.get("/captcha/\(id).\(ending)").status == 404)
                    }
                }
                for path in ["\(id).gif", "\(id)", "x.png", "..%2f\(id).png", "\(id).png.png", "\(String(repeating: "A", count: 40)).png"] {
                    #expect(try await browser.get("/captcha/\(path)").status == 404, "\(path)")
                }
            }
        }

        @Test("H80 H83 pages for strangers cost Redis nothing, and a picture one question, the first time")
        func free() async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                let before = try await redis.commandCount()
                var id = ""
                for _ in 0..<3 {
                    for path in ["/login", "/register", "/password/forgot", "/"] { try await browser.get(path) }
                    id = try #require(Page.value(of: "captcha_id", in: try await browser.get("/login").text))
                    #expect(try await browser.call("GET", "/login/captcha").status == 200)
                    #expect(try await browser.call("GET", "/session").text.contains("\"state\":\"anonymous\""))
                    #expect(try await browser.get("/captcha/x.png").status == 404)
                    #expect(try await browser.get("/captcha/\(String(repeating: "A", count: 40)).png").status == 404)
                    #expect(try await browser.post("/login", ["captcha_id": "x"]).status == 422)
                    #expect(try await Browser(server).get("/login").status == 200)
                }
                #expect(try await redis.commandCount() == before)
                #expect(try await browser.get("/captcha/\(id).png").status == 200)
                let once = try await redis.commandCount()
                #expect(once > before)
                #expect(try await browser.get("/captcha/\(id).png").status == 200)
                #expect(try await redis.commandCount() == once)
            }
        }

        @Test(
            "H83 a network that is at its limit gets 429 for pictures, its pages go on, and a browser that is known gets pictures as well")
        func flood() async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                let member = try await browser.member()
                try await browser.enter(member.name)
                _ = try await browser.post("/logout")
                let stranger = Browser(server, network: browser.network)
                let lane = "{sess}th:captchas:net:\(browser.network)"
                try await redis.ask("HSET", RedisArgument(lane), "n", 300)
                try await redis.ask("EXPIRE", RedisArgument(lane), 600)
                let refused = try await stranger.picture()
                #expect(refused.status == 429 && refused["retry-after"] != nil && refused.text.contains("Too many pictures"))
                #expect(try await browser.picture().status == 200)
                stranger.cookies["__Host-sluice-device"] = OpaqueToken().reveal()
                #expect(try await stranger.picture().status == 429)
            }
        }

        @Test(
            "H83 what a browser loads for a page of another site is refused, before anything is asked or drawn",
            arguments: ["cross-site", "same-site"])
        func embedded(site: String) async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                let id = try #require(Page.value(of: "captcha_id", in: try await browser.get("/login").text))
                let before = try await redis.commandCount()
                for path in ["/captcha/\(id).png", "/captcha/\(id).wav", "/login/captcha"] {
                    let fields = browser.fields(["Sec-Fetch-Site: \(site)", "Sec-Fetch-Dest: image", "Sec-Fetch-Mode: no-cors"])
                    let answer = try await browser.send(HTTPCall("GET", path, fields))
                    #expect(answer.status == 403 && answer["set-cookie"] == nil, "\(path)")
                }
                #expect(try await redis.commandCount() == before)
                for fields in [["Sec-Fetch-Site: none"], []] {
                    #expect(try await browser.send(HTTPCall("GET", "/captcha/\(id).png", browser.fields(fields))).status == 200)
                }
            }
        }

        @Test("HEAD is GET without the body, on pages and captchas, in fact and in fault")
        func head() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let id = try #require(Page.value(of: "captcha_id", in: try await browser.get("/login").text))
                // One after the other over one connection: a body where none belongs would be taken for the next answer.
                let peer = try await server.connect()
                for (path, status) in [
                    ("/login", 200), ("/captcha/\(id).png", 200), ("/captcha/x.png", 404), ("/", 303), ("/register", 200),
                ] {
                    var lengths: [String?] = []
                    for method in ["HEAD", "GET"] {
                        try await peer.send(HTTPCall(method, path, browser.fields()).bytes)
                        let answer = try await peer.receive(isHead: method == "HEAD")
                        #expect(answer.status == status && answer.body.isEmpty == (method == "HEAD" || status == 303), "\(method) \(path)")
                        lengths.append(answer["content-length"])
                    }
                    #expect(lengths[0] == lengths[1], "\(path)")
                }
                await peer.close()
            }
        }
    }
}

extension Browser {
    /// The picture of a new login page.
    fileprivate func picture() async throws -> Answer {
        guard let id = Page.value(of: "captcha_id", in: try await get("/login").text) else { throw WebDatabase.Missing() }
        return try await get("/captcha/\(id).png")
    }
}
