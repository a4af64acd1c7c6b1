import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    @Suite("Outages")
    struct OutageTests {
        @Test("H24 no room on the staging disk: 507 before the body is read, no 100, and reading goes on")
        func noRoom() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_STAGING_RESERVE": "1000000000GB"])) { server in
                let account = try await server.account()
                for call in [
                    HTTPCall.put("a", token: account.token, "x", ["Expect: 100-continue"]),
                    .post(Form().file("a"), token: account.token, ["Expect: 100-continue"]),
                ] {
                    let peer = try await server.connect()
                    try await peer.send(call.head)
                    let answer = try await peer.receive()
                    #expect(answer.status == 507 && answer["retry-after"] == "30")
                    answer.check(against: call, sourceLocation: #_sourceLocation)
                    #expect(try await peer.receiveEnd() == .closed)
                }
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status == 200)
                #expect(await server.staging.healthCheck.check() != nil)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("H24 an announced length that does not fit is refused before the body")
        func announcedTooMuch() async throws {
            try await WebServer.run(.init(settings: ["SLUICE_MAX_FILE_SIZE": "8000000000GB"])) { server in
                let account = try await server.account()
                let call = HTTPCall.put("a", token: account.token, "", ["Content-Length: 4000000000000000000", "Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(call.head)
                let answer = try await peer.receive()
                #expect(answer.status == 507)
                answer.check(against: call, sourceLocation: #_sourceLocation)
            }
        }

        @Test("H24 more than an upload lacks is 413 on a full disk too: no room that comes later makes it right")
        func tooMuch() async throws {
            try await WebServer.run { server in
                let account = try await server.account()
                let path = try await server.begin(account, length: 10)
                let deferred = try await server.begin(account, ["Upload-Defer-Length: 1"])
                try await server.withSecond(.init(settings: ["SLUICE_STAGING_RESERVE": "1000000000GB"])) { full in
                    for (target, fields) in [(path, []), (deferred, ["Upload-Length: 10"])] as [(String, [String])] {
                        for (count, status) in [(11, 413), (10, 507)] {
                            let answer = try await full.send(.patch(target, at: 0, pattern(count), token: account.token, fields))
                            #expect(answer.status == status, "\(target) \(count)")
                        }
                    }
                }
            }
        }

        @Test("H63 a search that the database does not get done in its time is 503 with Retry-After, and the next one is served")
        func slowSearch() async throws {
            // Its own: whoever else uses the suite's would wait as well.
            try await TestDatabase.migrated { database in
                var configuration = database.configuration
                configuration.statementTimeout = .seconds(1).stretched
                configuration.lockTimeout = .seconds(60).stretched
                // Whoever holds the rows does nothing meanwhile.
                configuration.idleInTransactionTimeout = .seconds(60).stretched
                try await WebServer.run(.init(database: configuration)) { server in
                    let account = try await server.account()
                    let search = HTTPCall("GET", "/api/v1/files?search=x", token: account.token)
                    #expect(try await server.send(.put("x", token: account.token)).status == 202)
                    try await server.whileFilesAreLocked { _ in
                        for _ in 0..<2 {
                            let answer = try await server.send(search)
                            #expect(answer.status == 503 && answer["retry-after"] != nil, "\(answer.text)")
                        }
                    }
                    #expect(try await server.send(search).files().map(\.name) == ["x"])
                }
            }
        }

        @Test(
            "Postgres down: 503 with Retry-After, nothing left behind; back again: served",
            .enabled(if: PostgresServerProcess.isInstalled || TestServer.isContinuousIntegration))
        func postgres() async throws {
            let postgres = try await PostgresServerProcess.started()
            defer { postgres.remove() }
            let configuration = try PostgresConfiguration(url: ServiceURL(postgres.url))
            try await TestDatabase.migrate(configuration)
            try await WebServer.run(.init(database: configuration)) { server in
                let account = try await server.account()
                let kept = try await server.send(.put("kept", token: account.token)).files()[0].id ?? ""
                let staged = try await server.containers(of: account)
                #expect(staged.count == 1)
                let upload = try await server.begin(account, length: 1)
                let held = HTTPCall.put("held", token: account.token, "content", ["Expect: 100-continue"])
                let peer = try await server.connect()
                try await peer.send(held.head)
                #expect(try await peer.receive().status == 100)
                postgres.stop()
                // One upload was let in before the end; the others do not get that far.
                try await peer.send(held.body)
                #expect(try await peer.receive(held).status == 503)
                for call in [
                    HTTPCall.put("a", token: account.token), .post(Form().file("a"), token: account.token),
                    HTTPCall("GET", "/api/v1/files", token: account.token),
                    HTTPCall("DELETE", "/api/v1/files/\(kept)", token: account.token),
                    HTTPCall("GET", "/api/v1/files/\(kept)/content", token: account.token),
                ] {
                    let answer = try await server.send(call)
                    #expect(answer.status == 503, "\(call.method) \(call.path)")
                }
                // A client of tus would begin anew.
                let head = try await server.head(upload, account)
                #expect(head.status == 423 && head["retry-after"] == "2" && head.body.isEmpty)
                let meant = HTTPCall.tus("POST", upload, token: account.token, ["X-HTTP-Method-Override: HEAD"])
                #expect(try await server.send(meant).status == 503)
                #expect(try await server.send(HTTPCall("HEAD", "/api/v1/files/\(kept)/content", token: account.token)).status == 503)
                #expect(await eventually { Set(server.stagedFiles) == staged && server.openDescriptors.isEmpty }, "\(server.stagedFiles)")
                try await postgres.restart()
                #expect(await eventually { (try? await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status) == 200 })
                #expect(try await server.head(upload, account).status == 200)
                #expect(try await server.send(.put("again", token: account.token)).status == 202)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).files().count == 2)
            }
        }

        @Test("an answer of Postgres is lost: who reads or deletes is told to repeat it, and of no file that may have been accepted")
        func lostAnswers() async throws {
            var through = try #require(WebDatabase.configuration)
            let proxy = try CuttingProxy(to: through.port)
            defer { proxy.stop() }
            through.host = "127.0.0.1"
            through.port = proxy.port
            through.tls.mode = .disable
            through.poolSize = 1
            try await WebServer.run(.init(database: through)) { server in
                let account = try await server.account()
                let path = "/api/v1/files/\(try await server.send(.put("a", token: account.token)).files()[0].id ?? "")"
                let calls = [("GET", "/api/v1/files"), ("GET", path), ("GET", path + "/content"), ("DELETE", path)]
                for (method, path) in calls {
                    // Else the call fails before it has sent anything, and its answer is not lost.
                    #expect(await eventually { await server.pool.healthCheck.check() == nil })
                    // A column of files only, and the end of a transaction: the answer about the token passes.
                    proxy.swallowNextAnswer(containing: method == "DELETE" ? "COMMIT" : "byte_offset")
                    let answer = try await server.send(HTTPCall(method, path, token: account.token))
                    let problem = try answer.decode(Problem.self)
                    #expect(answer.status == 503 && problem.type == "/problems/unavailable", "\(method) \(path) \(answer.text)")
                    #expect(!answer.text.contains("accepted"))
                    #expect(answer.text.contains("deleted") == (method == "DELETE"), "\(answer.text)")
                    #expect(!proxy.isWaiting, "no answer was lost: \(method) \(path)")
                }
                // It was committed. Where the machine is busy there may be no new connection yet: that too is to be repeated.
                var again = try await server.send(HTTPCall("DELETE", path, token: account.token))
                for _ in 0..<20 * Patience.factor where again.status == 503 {
                    try await Task.sleep(for: .milliseconds(250))
                    again = try await server.send(HTTPCall("DELETE", path, token: account.token))
                }
                #expect(again.status == 404, "\(again.status) \(again.text)")
            }
        }
    }
}
