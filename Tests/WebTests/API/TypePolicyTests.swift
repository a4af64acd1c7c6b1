import Files
import Magic
import Platform
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Type policy")
    struct TypePolicyTests {
        private static let picture: [UInt8] = [0x89] + Array("PNG\r\n\u{1A}\n\0\0\0\rIHDR\0\0\0\u{1}\0\0\0\u{1}\u{8}\u{2}\0\0\0".utf8)
        private static let animation = Array("GIF89a\u{1}\0\u{1}\0\0\0\0;".utf8)
        /// A picture to whoever looks at its beginning, and a page to whoever looks for one.
        private static let polyglot = animation + Array("<SCRIPT>alert(1)</SCRIPT>".utf8)
        private static let program = picture + Array("<?php system($_GET[0]); ?>".utf8)
        private static let drawing = Array(#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>"#.utf8)
        private static let testVirus = Array(#"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"#.utf8)
        private static let text = Array("words\n".utf8)

        private static func put(_ name: String, _ content: [UInt8], _ account: WebServer.Account) -> HTTPCall {
            HTTPCall("PUT", "/api/v1/files/\(name)", token: account.token, body: content)
        }

        /// The rule that refuses a file sent as a whole body; nil when it is accepted. Sent in a form, it has to fare the same.
        private static func rule(
            _ name: String, _ content: [UInt8], _ server: WebServer, _ account: WebServer.Account,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> String? {
            let answer = try await server.send(put(name, content, account))
            let problem = answer.status == 202 ? nil : try answer.decode(Problem.self)
            if let problem {
                #expect(problem.status == 415 && problem.type.hasSuffix("type-refused"), "\(answer.text)", sourceLocation: sourceLocation)
            }
            // The file beside it is none of its business.
            let plain = name.replacing("%20", with: " ")
            let form = Form().file(plain, bytes: content).file("beside.png", bytes: picture)
            let files = try await server.send(.post(form, token: account.token)).files()
            #expect(files.count == 2 && files[1].error == nil, sourceLocation: sourceLocation)
            #expect(files[0].error?.rule == problem?.rule, "\(name)", sourceLocation: sourceLocation)
            #expect(files[0].error == nil || files[0].name == plain, sourceLocation: sourceLocation)
            return problem.map { $0.rule ?? "none" }
        }

        @Test("H42 every suffix of a name can deny a file, in any case")
        func suffixes() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_DENY": ".Php, .exe"])) { server in
                let account = try await server.account()
                for name in ["a.php", "a.jpg.php", "a.php.jpg", "A.PHP", "a.php%20.jpg"] {
                    #expect(try await Self.rule(name, Self.text, server, account) == ".Php", "\(name)")
                }
                #expect(try await Self.rule("setup.exe", Self.text, server, account) == ".exe")
                for name in ["php", "a.phpx", "aphp.jpg"] {
                    #expect(try await Self.rule(name, Self.text, server, account) == nil, "\(name)")
                }
            }
        }

        @Test("H42 a name that is not allowed is refused before its body is read; only the last suffix can allow it")
        func allowedNames() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_ALLOW": ".png,.pdf"])) { server in
                let account = try await server.account()
                let peer = try await server.connect()
                try await peer.send(
                    "PUT /api/v1/files/a.png.txt HTTP/1.1\r\nHost: sluice.test\r\nAuthorization: Bearer \(account.token)\r\n"
                        + "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
                #expect(try await peer.receive().status == 415)
                await peer.close()
                #expect(try await Self.rule("none", Self.text, server, account) == "allow")
                #expect(try await Self.rule("a.txt.PNG", Self.text, server, account) == nil)
            }
        }

        @Test("H42 content that is not what the name promises")
        func mismatch() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_MATCH": "1"])) { server in
                let account = try await server.account()
                let refused: [(String, [UInt8])] = [
                    ("a.txt", Self.picture), ("a.png", Self.text), ("a.png", Self.drawing), ("a.gif", Self.polyglot),
                    ("a.png", Self.program),
                    ("a.jpg", Self.picture),
                ]
                for (name, content) in refused { #expect(try await Self.rule(name, content, server, account) == "match", "\(name)") }
                let taken: [(String, [UInt8])] = [
                    ("a.png", Self.picture), ("a.txt", Self.text), ("a.svg", Self.drawing), ("a.gif", Self.animation), ("a.png", []),
                    ("a.txt", [0x61]), ("a.unknown", Self.program), ("none", Self.picture),
                ]
                for (name, content) in taken { #expect(try await Self.rule(name, content, server, account) == nil, "\(name)") }
            }
        }

        @Test("H42 files with two faces are judged by both")
        func polyglots() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_DENY": "text/html,text/x-php,image/svg+xml"])) { server in
                let account = try await server.account()
                #expect(try await Self.rule("a.gif", Self.polyglot, server, account) == "text/html")
                #expect(try await Self.rule("a.png", Self.program, server, account) == "text/x-php")
                #expect(try await Self.rule("a.png", Self.drawing, server, account) == "image/svg+xml")
                #expect(try await Self.rule("a.gif", Self.animation, server, account) == nil)
            }
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_ALLOW": "image/*", "SLUICE_TYPES_DENY": ".svg"])) { server in
                let account = try await server.account()
                #expect(try await Self.rule("a.gif", Self.polyglot, server, account) == "allow")
                #expect(try await Self.rule("a.txt", Self.text, server, account) == "allow")
                #expect(try await Self.rule("a.svg", Self.drawing, server, account) == ".svg")
                #expect(try await Self.rule("a.gif", Self.animation, server, account) == nil)
            }
        }

        @Test("H42 nothing is refused unless the operator says so")
        func off() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                for (name, content) in [("a.jpg.php", Self.program), ("a.gif", Self.polyglot), ("a.png", Self.testVirus)] {
                    #expect(try await Self.rule(name, content, server, account) == nil)
                }
            }
        }

        @Test("H43 malware that a rule describes, in one piece and in many, is never there to be downloaded")
        func malware() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_DENY": "magic:EICAR"])) { server in
                let account = try await server.account()
                #expect(try await server.send(Self.put("a.txt", Self.testVirus, account)).decode(Problem.self).rule == "magic:EICAR")
                let form = try await server.send(.post(Form().file("a.txt", bytes: Self.testVirus), token: account.token))
                #expect(form.status == 415)
                #expect(try form.decode(Problem.self).files?.first?.error?.rule == "magic:EICAR")
                let peer = try await server.connect()
                try await peer.send(
                    "PUT /api/v1/files/a.txt HTTP/1.1\r\nHost: sluice.test\r\nAuthorization: Bearer \(account.token)\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n")
                for byte in Self.testVirus { try await peer.send([0x31, 0x0D, 0x0A, byte, 0x0D, 0x0A]) }
                try await peer.send("0\r\n\r\n")
                #expect(try await peer.receive().status == 415)
                await peer.close()
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("a long file is refused as soon as its head is there, not at its end")
        func early() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_DENY": "image/png"])) { server in
                let account = try await server.account()
                let peer = try await server.connect()
                try await peer.send(
                    "PUT /api/v1/files/a HTTP/1.1\r\nHost: sluice.test\r\nAuthorization: Bearer \(account.token)\r\n"
                        + "Content-Length: 1000000000\r\n\r\n")
                try await peer.send(Self.picture + [UInt8](repeating: 0, count: ContentSniffer.headLimit))
                #expect(try await peer.receive().status == 415)
                await peer.close()
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H45 what lies behind the head is not seen: stored like any other file, and deleted like one")
        func behindTheHead() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_TYPES_DENY": "text/html"])) { server in
                let account = try await server.account()
                let page = Array("<html>".utf8)
                let padding = [UInt8](repeating: 0, count: ContentSniffer.headLimit)
                #expect(try await server.send(Self.put("a", padding.dropLast(6) + page, account)).status == 415)
                let file = try #require(try await server.send(Self.put("a", padding + page, account)).files().first)
                #expect(file.state == "staged")
                #expect(try await server.send(HTTPCall("DELETE", "/api/v1/files/\(file.id ?? "")", token: account.token)).status == 204)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).files().isEmpty)
            }
        }

        @Test("what cannot be looked at is refused, and by a process that ends asked for again")
        func blind() async throws {
            let rules = try Settings.Types(deny: [#require(TypeRule("text/html"))])
            try await WebServer.run(.init(types: TypeGuard(rules) { _ in throw MagicError(.failed) })) { server in
                let account = try await server.account()
                #expect(try await server.send(Self.put("a", Self.text, account)).decode(Problem.self).rule == "magic:error")
                try await server.expectNothingLeft(of: account)
            }
            try await WebServer.run(.init(types: TypeGuard(rules) { _ in throw BlockingPoolClosed() })) { server in
                let account = try await server.account()
                #expect(try await server.send(Self.put("a", Self.text, account)).status == 503)
                try await server.expectNothingLeft(of: account)
            }
        }
    }
}
