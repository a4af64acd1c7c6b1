import Accounts
import Files
import Platform
import Postgres
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Events")
    struct EventTests {
        @Test("what happens to one's files is told: accepted, stored, deleted; nothing of another's")
        func changes() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                try await browser.enter(try await browser.member().name)
                try await other.enter(try await other.member().name)
                let old = try await browser.upload("old")
                let stream = try await EventReader(browser)
                #expect(stream.head.status == 200 && stream.head["content-type"] == "text/event-stream")
                #expect(stream.head["x-accel-buffering"] == "no" && stream.head["cache-control"] == "no-store")
                try await other.upload("foreign")
                let new = try await browser.upload("new")
                let accepted = try await stream.event()
                #expect(accepted.hasPrefix("event: file\ndata: {\"id\":\"\(new)\"") && accepted.contains("\"state\":\"staged\""))
                try await server.store(old)
                let stored = try await stream.event()
                #expect(stored.contains("\"id\":\"\(old)\"") && stored.contains("\"state\":\"stored\""))
                #expect(try await browser.call("DELETE", "/api/v1/files/\(new)").status == 204)
                #expect(try await stream.event() == "event: gone\ndata: {\"id\":\"\(new)\"}\n\n")
                await stream.close()
            }
        }

        @Test("a user has eight streams at a time; a token opens one too, and nobody without either")
        func places() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                var streams: [EventReader] = []
                for _ in 0..<8 { streams.append(try await EventReader(browser)) }
                #expect(streams.allSatisfy { $0.head.status == 200 })
                #expect(try await browser.call("GET", "/api/v1/events").status == 429)
                for stream in streams { await stream.close() }
                #expect(await eventually { (try? await EventReader(browser))?.head.status == 200 }, "places come back")
                let account = try await server.account()
                let stream = try await EventReader(Browser(server), ["Authorization: Bearer \(account.token)"])
                #expect(stream.head.status == 200)
                await stream.close()
                #expect(try await Browser(server).call("GET", "/api/v1/events").status == 401)
            }
        }

        @Test("H90 a stream ends with its session, before it tells of anything else")
        func end() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                let member = try await browser.member()
                try await browser.enter(member.name)
                try await other.enter(member.name)
                let stream = try await EventReader(browser)
                _ = try await stream.next()
                #expect(try await browser.post("/logout").status == 303)
                try await other.upload("later")
                let last = try? await stream.event()
                #expect((last ?? "").isEmpty)
            }
        }

        @Test("what has been told is not told again, and what was never known is not gone")
        func watch() {
            let (old, new) = (FileID(milliseconds: 1000), FileID(milliseconds: 2000))
            var watch = FileWatch(files: [], limit: 2)
            #expect(watch.take([old: .staged]) == .init(changed: [old]))
            #expect(watch.take([old: .staged]) == .init())
            #expect(watch.take([old: .stored, new: .staged]) == .init(changed: [old, new]))
            #expect(watch.take([new: .failed]) == .init(changed: [new], gone: [old]))
            let more = (0..<5).map { FileID(milliseconds: 3000 + $0) }
            _ = watch.take(Dictionary(uniqueKeysWithValues: more.map { ($0, FileState.stored) }))
            #expect(Set(watch.ids) == Set(more.suffix(2)))
        }
    }
}

extension WebServer {
    /// As the worker does.
    fileprivate func store(_ id: String) async throws {
        try await pool.execute("UPDATE files SET state = 'stored', stored_at = now() WHERE id = \(id)::uuid")
    }
}
