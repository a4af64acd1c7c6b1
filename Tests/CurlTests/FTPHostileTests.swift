import Curl
import FoundationEssentials
import TestSupport
import Testing

/// Against a server that breaks the rules.
@Suite(.serialized) struct FTPHostileTests {
    @Test("H65 H67 the address in a PASV reply is ignored", arguments: ["203.0.113.7", "169.254.169.254", "127.0.0.2"])
    func foreignAddress(_ address: String) async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"pasv_ip": "\#(address)"}"#)
            let bytes = try await fixture.publish(size: 100, as: "d/k")
            #expect(fixture.server.holds(bytes, as: "d/k"))
        }
    }

    @Test("H71 226 for a file that is short on the server is no success")
    func shortFile() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"short_by": 10}"#)
            let error = try await fixture.failure(size: 1000, as: "k")
            #expect(error?.disposition == .retry)
            #expect(error?.message.contains("990") == true)
            #expect(fixture.server.files == [], "neither the key nor the temporary file")
            try fixture.server.misbehave("{}")
            let bytes = try await fixture.publish(size: 1000, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
        }
    }

    @Test("H71 a size that is refused or missing is no success", arguments: ["550 Cannot say.", "200 Fine.", "213 none", "213 "])
    func noSize(_ answer: String) async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"refuse": {"SIZE": "\#(answer)"}}"#)
            let error = try await fixture.failure(size: 1000, as: "k")
            #expect(error?.disposition == .retry)
            #expect(fixture.server.files == [])
        }
    }

    @Test(
        "H70 an upload that is refused or fails at the end leaves nothing",
        arguments: [
            ("refuse", "552 No space.", true), ("refuse", "452 No space.", true), ("refuse", "451 Local error.", true),
            ("refuse", "550 Permission denied.", true), ("refuse", "553 Could not create file.", true), ("refuse", "450 Busy.", false),
            ("after", "451 Failure writing to local file.", true), ("after", "552 Full.", true), ("after", "426 Broken.", false),
            ("after", "426 No space left on device; transfer aborted.", true),
        ])
    func refused(_ when: String, _ reply: String, isServersTrouble: Bool) async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"\#(when)": {"STOR": "\#(reply)"}}"#)
            let error = try await fixture.failure(size: 1000, as: "d/k")
            #expect(error?.disposition == (isServersTrouble ? .unavailable : .retry))
            #expect(error?.replyCode == Int(reply.prefix(3)))
            #expect(fixture.server.files == [])
        }
    }

    @Test(
        "H70 a disk that becomes full while the bytes flow: the reason is read although the connection was cut", arguments: [452, 552, 451])
    func full(_ code: Int) async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"full_after": [300000, "\#(code) No more room."]}"#)
            let error = try await fixture.failure(size: 30_000_000, as: "k")
            #expect(error?.disposition == .unavailable)
            #expect(error?.replyCode == code)
            #expect(fixture.server.files == [])
            try fixture.server.misbehave("{}")
            let bytes = try await fixture.publish(size: 2_000_000, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
        }
    }

    @Test("H70 a connection dropped while the bytes flow costs an attempt and shows no file")
    func cut() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"cut_after": 300000}"#)
            let error = try await fixture.failure(size: 5_000_000, as: "k")
            #expect(error?.disposition == .retry)
            #expect(fixture.server.content(of: "k") == nil)
            try fixture.server.misbehave("{}")
            let bytes = try await fixture.publish(size: 1000, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
        }
    }

    @Test("H72 a silent server runs into the response timeout", arguments: ["STOR", "PASS", "SIZE", "RNTO"])
    func silent(_ command: String) async throws {
        try await FTPFixture.with(
            .hostile(tls: false), configure: { configuration, _ in configuration.responseTimeout = .seconds(1).stretched }
        ) { fixture in
            try fixture.server.misbehave(#"{"hang": ["\#(command)"]}"#)
            let error = try await fixture.failure(size: 1000, as: "k")
            let expected: FTPError.Disposition = command == "STOR" || command == "PASS" ? .unavailable : .retry
            #expect(error?.disposition == expected)
            #expect(fixture.server.content(of: "k") == nil)
        }
    }

    @Test("H72 a server that never confirms an upload stops one lane and no other")
    func unconfirmed() async throws {
        try await FTPFixture.with(
            .hostile(tls: false), configure: { configuration, _ in configuration.responseTimeout = .seconds(30).stretched }
        ) { fixture in
            try fixture.server.misbehave(#"{"hang_after": ["STOR"]}"#)
            let clock = ContinuousClock()
            let start = clock.now
            let error = try await fixture.failureOfCancelled(size: 10, as: "a") {
                try await fixture.uploadHasBegun()
                let size = try await fixture.client.size(of: "nothing")
                #expect(size == nil)
            }
            #expect(error?.disposition == .cancelled)
            #expect(clock.now - start < .seconds(10).stretched)
        }
    }

    @Test("a slow upload runs into the low-speed limit")
    func slow() async throws {
        try await FTPFixture.with(
            .hostile(tls: false),
            configure: { configuration, _ in
                configuration.lowSpeedTime = .seconds(1).stretched
                configuration.lowSpeedLimit = 1 << 30
            }
        ) { fixture in
            try fixture.server.misbehave(#"{"bytes_per_s": 1000}"#)
            let error = try await fixture.failure(size: 20_000_000, as: "k")
            #expect(error?.disposition == .retry)
            #expect(fixture.server.content(of: "k") == nil)
        }
    }

    @Test("cancelling the caller aborts the transfer, the server's bytes stay under the temporary name")
    func cancellation() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"bytes_per_s": 20000}"#)
            let error = try await fixture.failureOfCancelled(size: 20_000_000, as: "k") {
                try await fixture.uploadHasBegun()
            }
            #expect(error?.disposition == .cancelled)
            #expect(fixture.server.content(of: "k") == nil)
        }
    }

    @Test("work that waits for a connection can be cancelled")
    func cancelWaiting() async throws {
        try await FTPFixture.with(
            .hostile(tls: false), configure: { configuration, _ in configuration.maximumConnections = 1 }
        ) { fixture in
            try fixture.server.misbehave(#"{"bytes_per_s": 20000}"#)
            let error = try await fixture.failureOfCancelled(size: 20_000_000, as: "k") {
                try await fixture.uploadHasBegun()
                let other = try await fixture.failureOfCancelled(size: 1, as: "l") { await Task.yield() }
                #expect(other?.disposition == .cancelled)
            }
            #expect(error?.disposition == .cancelled)
        }
    }

    @Test(
        "H68 a server without TLS, or that takes it back, gets neither password nor file",
        arguments: [#"{"no_tls": true}"#, #"{"refuse": {"PROT": "536 No."}}"#])
    func downgrade(_ faults: String) async throws {
        try await FTPFixture.with(.hostile(tls: true)) { fixture in
            try fixture.server.misbehave(faults)
            let error = try await fixture.failure(size: 100, as: "k")
            #expect(error?.disposition == .unavailable)
            #expect(fixture.server.files == [])
        }
    }

    @Test("H68 replies put in before the handshake are not taken for the server's")
    func injected() async throws {
        try await FTPFixture.with(.hostile(tls: true)) { fixture in
            try fixture.server.misbehave(#"{"tls_injection": true}"#)
            let error = try await fixture.failure(size: 100, as: "k")
            #expect(error?.disposition == .unavailable)
            #expect(fixture.server.files == [])
        }
    }

    @Test(
        "H73 550 to DELE: gone, denied, or unclear",
        arguments: [
            ("550 No such file or directory.", true, false), ("550 Permission denied.", true, true),
            ("550 Not enough privileges.", false, true),
            ("550 Failed.", true, true), ("550 Failed.", false, false),
        ])
    func delete(_ reply: String, exists: Bool, isError: Bool) async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            if exists { _ = try await fixture.publish(size: 3, as: "k") }
            try fixture.server.misbehave(#"{"refuse": {"DELE": "\#(reply)"}}"#)
            if isError {
                let error = await #expect(throws: FTPError.self) { try await fixture.client.delete("k") }
                #expect(error?.disposition == .retry)
            } else {
                #expect(try await fixture.client.delete("k") == false)
            }
        }
    }

    @Test("a server that does not rename over a file")
    func renameRefused() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"refuse_once": {"RNTO": "550 File exists."}}"#)
            let bytes = try await fixture.publish(size: 30, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
            #expect(fixture.server.files == ["k"])
        }
    }

    @Test("a kept connection that the server has closed meanwhile is replaced unnoticed")
    func staleConnection() async throws {
        try await FTPFixture.with(.hostile(tls: false), configure: { configuration, _ in configuration.maximumConnections = 1 }) {
            fixture in
            try fixture.server.misbehave(#"{"idle": true}"#)
            _ = try await fixture.publish(size: 30, as: "a")
            let bytes = try await fixture.publish(size: 30, as: "b")
            #expect(fixture.server.holds(bytes, as: "b"))
        }
    }

    @Test("replies nobody asked for do not pass for a size, and later transfers are in step again")
    func outOfStep() async throws {
        try await FTPFixture.with(.hostile(tls: false), configure: { configuration, _ in configuration.maximumConnections = 1 }) {
            fixture in
            try fixture.server.misbehave(#"{"extra_reply": ["SIZE"]}"#)
            let error = try await fixture.failure(size: 1000, as: "k")
            #expect(error?.disposition == .retry)
            #expect(fixture.server.content(of: "k") == nil)
            try fixture.server.misbehave("{}")
            let bytes = try await fixture.publish(size: 1000, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
        }
    }

    @Test("listings over MLSD")
    func machineListing() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            _ = try await fixture.publish(size: 12, as: "d/e/k")
            _ = try await fixture.publish(size: 13, as: "d/l")
            let entries = try await fixture.list("d").sorted { $0.name < $1.name }
            #expect(entries.map(\.name) == ["e", "l"])
            #expect(entries.map(\.isDirectory) == [true, false])
            #expect(entries.map(\.size) == [nil, 13])
            #expect(entries.allSatisfy { abs($0.modified?.timeIntervalSinceNow ?? 1e9) < 600 })
        }
    }

    @Test("a login refused is unavailable")
    func login() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            try fixture.server.misbehave(#"{"refuse_login": true}"#)
            #expect(try await fixture.failure(size: 1, as: "k")?.disposition == .unavailable)
        }
    }
}
