import Files
import Foundation
import Platform
import Postgres
import Testing

extension OverSockets {
    /// What becomes of names, by way of the path and of a form.
    @Suite("Names")
    struct NameTests {
        /// As sent in the path, and the name that comes of it; nil where it is refused.
        private static let paths: [(String, String?)] = [
            ("..", nil), (".", nil), ("%2e%2e", nil), ("%2E", nil), ("%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd"),
            ("%2Fetc%2Fpasswd", "passwd"),
            ("..%5C..%5Cwin.ini", "win.ini"), ("%20", nil), ("%20.%20.", nil), ("%00", nil), ("a%00.txt", nil), ("%2500", nil),
            ("a%252Fb", nil),
            ("a%0d%0aDELE%20y", nil), ("a%7F", nil), ("%FF", nil), ("%C0%AE%C0%AE", nil), ("%ED%A0%80", nil), ("%zz", nil), ("a%", nil),
            ("C:x", "C_x"), ("a:b", "a_b"), ("CON", "_CON"), ("con.txt", "_con.txt"), ("a.", "a"), ("-rf", "-rf"), ("*", "*"),
            ("%E2%80%AEfdp.exe", "fdp.exe"), ("a%E2%80%8Bb", "ab"), ("e%CC%81", "\u{E9}"), ("a+b%20c", "a+b c"), ("100%25", "100%"),
            ("a;filename=b", "a;filename=b"), ("%3Cimg%20src=x%20onerror=alert(1)%3E", "<img src=x onerror=alert(1)>"),
            ("=cmd()", "=cmd()"), ("a" + String(repeating: "%CC%81", count: 1000), nil),
        ]

        @Test("H27 H28 H29 H30 H31 H33 H34 H36 H37 names in a path")
        func path() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let peer = try await server.connect()
                for (path, expected) in Self.paths where expected != nil {
                    let call = HTTPCall.put(path, token: account.token)
                    let file = try await peer.call(call).files()[0]
                    #expect(file.name.map { Array($0.unicodeScalars) } == expected.map { Array($0.unicodeScalars) }, "\(path)")
                }
                for (path, expected) in Self.paths where expected == nil {
                    let answer = try await server.send(.put(path, token: account.token))
                    #expect(answer.status == 400, "\(path)")
                }
                let keys = try await server.pool.query("SELECT key FROM files WHERE owner_id = \(account.id)")
                for row in keys {
                    let key: String = try row.decode("key")
                    let isSafe = key.utf8.allSatisfy {
                        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || [0x2D, 0x2E, 0x2F].contains($0)
                    }
                    #expect(isSafe && !key.contains("..") && key.hasPrefix("\(account.id)/"), "\(key)")
                }
                #expect(Set(server.stagedFiles).allSatisfy { FileID($0) != nil })
            }
        }

        @Test("H27 H28 H29 H33 H34 H36 H38 names in a form")
        func form() async throws {
            let names: [(String, String?)] = [
                ("../../etc/passwd", "passwd"), ("..", nil), (".", nil), ("/", nil), ("C:\\\\dir\\\\a.txt", "a.txt"), ("%00", nil),
                ("a%2Fb", nil),
                ("a%22b", "a\"b"), ("fdp.\u{202E}exe", "fdp.exe"), ("<img onerror=x>", "<img onerror=x>"), ("NUL.txt", "_NUL.txt"),
                ("\u{1F468}\u{200D}\u{1F469}.png", "\u{1F468}\u{200D}\u{1F469}.png"), (String(repeating: "\u{E4}", count: 500), nil),
            ]
            try await WebServer.run { server in
                let account = try await server.account()
                for (name, expected) in names where name.utf8.count < 300 {
                    let answer = try await server.send(.post(Form().file(name), token: account.token))
                    guard let expected else {
                        #expect(answer.status == 400, "\(name)")
                        continue
                    }
                    #expect(answer.status == 202, "\(name)")
                    #expect(try answer.files()[0].name == expected, "\(name)")
                }
                let long = try await server.send(.post(Form().file(String(repeating: "\u{E4}", count: 500) + ".txt"), token: account.token))
                let cut = try long.files()[0].name ?? ""
                #expect(cut.utf8.count <= 255 && cut.hasSuffix("\u{E4}.txt"))
            }
        }

        @Test(
            "H33 names that are not UTF-8 or hold a NUL",
            arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0x61, 0, 0x62], [0x61, 0x1B, 0x5B]] as [[UInt8]])
        func notText(name: [UInt8]) async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                var call = HTTPCall.post(Form(), token: account.token)
                let head = Array("--\(Form.boundary)\r\nContent-Disposition: form-data; name=\"f\"; filename=\"".utf8)
                call.body = head + name + Array("\"\r\n\r\nx\r\n--\(Form.boundary)--\r\n".utf8)
                let answer = try await server.send(call)
                #expect(answer.status == 400)
            }
        }

        @Test("H39 H40 one name sent fifty times at once is fifty files")
        func sameName() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let ids = try await withThrowingTaskGroup(of: String?.self) { group in
                    for index in 0..<50 {
                        group.addTask {
                            // Composed and decomposed: equal after NFC.
                            let name = index % 2 == 0 ? "same%C3%A9.txt" : "samee%CC%81.txt"
                            return try await server.sendUntilTaken(.put(name, token: account.token, "\(index)")).files()[0].id
                        }
                    }
                    return try await group.reduce(into: Set<String>()) { if let id = $1 { $0.insert(id) } }
                }
                #expect(ids.count == 50)
                #expect(try await server.rows(of: account) == 50)
                #expect(try await Set(server.stagedFiles) == server.containers(of: account))
                let list = try await server.send(HTTPCall("GET", "/api/v1/files?limit=100", token: account.token)).files()
                #expect(Set(list.map { $0.name.map { Array($0.unicodeScalars) } }).count == 1)
            }
        }

        @Test("H38 line breaks and terminal escapes never reach the log as such")
        func log() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let escape = "\u{1B}[31mevil"
                for field in [
                    "User-Agent: \(escape)", "Content-Type: \(escape)", "X-Request-Id: \(escape)", "Authorization: Bearer \(escape)",
                ] {
                    let peer = try await server.connect()
                    try await peer.send(HTTPCall("PUT", "/api/v1/files/%1B%5B31mevil", token: account.token, [field]).bytes)
                    #expect((400...499).contains(try await peer.receive().status))
                }
                #expect(try await server.send(.post(Form().file("\(escape)\u{85}"), token: account.token)).status < 500)
                #expect(!server.log.all.contains { $0.contains("evil") && $0.contains("\u{1B}") })
            }
        }
    }
}
