import Accounts
import Foundation
import Logging
import Platform
import Testing
import Web

struct SecurityLogTests {
    private let start = ContinuousClock.now

    @Test("a window lets the first few of a kind through and counts the rest, each kind for itself")
    func window() {
        var window = SecurityEventWindow(length: .seconds(10), limit: 3)
        let admitted = (0..<1000).map { _ in window.admit(.tokenRefused, at: start).isWritten }
        #expect(admitted.filter { $0 }.count == 3 && admitted.prefix(3).allSatisfy { $0 })
        #expect(window.admit(.throttled, at: start).isWritten)
        #expect(window.flush(at: start + .seconds(9)).isEmpty)
    }

    @Test("what was held back is told once: with the next event, or by the flush, whichever comes first")
    func held() {
        var window = SecurityEventWindow(length: .seconds(10), limit: 1)
        for _ in 0..<5 { _ = window.admit(.tokenRefused, at: start) }
        let next = window.admit(.tokenRefused, at: start + .seconds(10))
        #expect(next.isWritten && next.held == 4)
        for _ in 0..<2 { _ = window.admit(.tokenRefused, at: start + .seconds(11)) }
        let flushed = window.flush(at: start + .seconds(20))
        #expect(flushed.map(\.held) == [2] && flushed.map(\.event) == [.tokenRefused])
        #expect(window.flush(at: start + .seconds(40), isEnd: true).isEmpty)
        let later = window.admit(.tokenRefused, at: start + .seconds(41))
        #expect(later.isWritten && later.held == 0)
    }

    @Test("a flood writes a bounded number of lines, all of it is counted, and the log says how much it left out")
    func flood() {
        let (lines, registry) = (Recorder<String>(), PrometheusRegistry())
        let security = SecurityLog(logger: Logger(label: "test") { _ in RecordingLogHandler(lines) }, metrics: registry)
        for index in 0..<100_000 { security.record(.malformedHTTP, at: start + .nanoseconds(index)) }
        #expect(lines.all == Array(repeating: "malformed_http", count: 10))
        security.flush(at: start + .seconds(20))
        #expect(lines.all.last == "malformed_http × 99990")
        security.flush(at: start + .seconds(40), isEnd: true)
        #expect(lines.all.count == 11)
        let page = String(decoding: registry.render(), as: UTF8.self)
        #expect(page.contains("sluice_security_events_total{event=\"malformed_http\"} 100000\n"))
        #expect(
            page.contains("sluice_security_events_total{event=\"authn_token_refused\"} 0\n"),
            "a series that is there before its first event")
    }
}

extension OverSockets {
    @Suite("Security events")
    struct SecurityEventTests {
        /// The metadata of the lines about security.
        private func events(_ server: WebServer) -> [[String: String]] {
            server.log.all.compactMap { line in
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return object?["message"] as? String == "security event" ? object?["metadata"] as? [String: String] : nil
            }
        }

        private func kinds(_ server: WebServer) -> [String] { events(server).compactMap { $0["event"] } }

        @Test("a request without a token, and one with a wrong one, are two events, with the peer and the front door's request id")
        func tokens() async throws {
            try await WebServer.run { server in
                let wrong = "slc_" + String(repeating: "A", count: 43)
                Recorder<String>.secrets.record(wrong)
                _ = try await server.send(HTTPCall("GET", "/api/v1/files", ["X-Request-ID: 0123456789abcdef0123456789abcdef"]))
                _ = try await server.send(HTTPCall("GET", "/api/v1/files", token: wrong, ["X-Request-ID: a b\t{\"event\":\"x\"}"]))
                let events = events(server)
                #expect(events.map { $0["event"] } == ["authn_token_missing", "authn_token_refused"])
                #expect(events.map { $0["request"] } == ["0123456789abcdef0123456789abcdef", nil])
                #expect(events.allSatisfy { $0["peer"] == "127.0.0.1" })
            }
        }

        @Test("a token that is used for what it has no scope for, with its user")
        func scope() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let token = try await TokenStore(pool: server.pool).add(user: account.id, name: "test", scopes: [.read]).reveal()
                Recorder<String>.secrets.record(token)
                #expect(try await server.send(.put("a", token: token)).status == 403)
                let event = events(server).first
                #expect(event?["event"] == "authz_scope_missing" && event?["code"] == "insufficient-scope")
                #expect(event?["user"] == "\(account.id)")
            }
        }

        @Test("what is no HTTP, and a head that is too large")
        func parser() async throws {
            try await WebServer.run { server in
                for bytes in ["G\u{0}T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n"] {
                    let peer = try await server.connect()
                    try? await peer.send(bytes)
                    _ = try await peer.receive()
                }
                #expect(kinds(server) == ["malformed_http", "http_head_too_large"])
            }
        }

        @Test("a throttled user, by number")
        func throttled() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_UPLOADS_PER_USER": "1"])) { server in
                let account = try await server.account()
                let held = HTTPCall.put("held", token: account.token, "content", ["Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(held.head)
                #expect(try await peer.receive().status == 100)
                #expect(try await server.send(.put("more", token: account.token)).status == 429)
                let event = events(server).first
                #expect(event?["event"] == "excess_rate_limit_exceeded" && event?["user"] == "\(account.id)")
                try await peer.send(held.body)
                #expect(try await peer.receive(held).status == 202)
            }
        }

        @Test("input that no good client sends, by the code of its fault; a broken connection or another type is none")
        func input() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let form = Form().part(["Content-Disposition: form-data; name=\"f\"", " folded: x"], [])
                #expect(try await server.send(.post(form, token: account.token)).status == 400)
                #expect(try await server.send(.post(Form().file("a").file("..", "x"), token: account.token)).status == 202)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files?limit=1&limit=2", token: account.token)).status == 400)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files?cursor=forged", token: account.token)).status == 400)
                #expect(
                    try await server.send(HTTPCall("POST", "/api/v1/files", token: account.token, ["Content-Type: text/plain"])).status
                        == 415)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files/no", token: account.token)).status == 404)
                let events = events(server)
                #expect(events.allSatisfy { $0["event"] == "input_validation_fail" })
                #expect(events.map { $0["code"] } == ["foldedHeader", "bad-name", "duplicateParameter", "bad-cursor"])
            }
        }

        @Test("a flood of wrong tokens leaves a bounded number of lines and, at the end, how many were left out")
        func flood() async throws {
            let (logs, count) = (Recorder<Recorder<String>>(), 60)
            try await WebServer.run { server in
                logs.record(server.log)
                let peer = try await server.connect()
                for _ in 0..<count {
                    #expect(try await peer.call(HTTPCall("GET", "/api/v1/files", token: "slc_wrong")).status == 401)
                }
                #expect(kinds(server).count < 30, "\(kinds(server).count)")
            }
            let lines = logs.all[0].all.filter { $0.contains("authn_token_refused") }
            #expect(lines.contains { $0.contains("held back") })
        }
    }
}
