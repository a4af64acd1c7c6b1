import Curl
import Synchronization
import TestSupport
import Testing

/// Publishing over an older file on servers that refuse the rename: at every moment one complete copy exists.
@Suite(.serialized) struct FTPReplaceTests {
    private static let aside = "k.1.part" + FTPClient.asideSuffix

    @Test("H73 a server that renames over nothing: the new file takes the old one's place, and nothing else is left")
    func replaced() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            _ = try await fixture.publish(size: 10, as: "k")
            try fixture.server.misbehave(#"{"no_overwrite": true}"#)
            let bytes = try await fixture.publish(size: 20, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
            #expect(fixture.server.files == ["k"])
        }
    }

    @Test("H73 a server that gives the new file no name at all: the old one is put back, and an attempt is spent")
    func putBack() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            let old = try await fixture.publish(size: 10, as: "k")
            try fixture.server.misbehave(#"{"refuse_rename": "k.1.part"}"#)
            let error = try await fixture.failure(size: 20, as: "k")
            #expect(error?.disposition == .retry)
            #expect(fixture.server.holds(old, as: "k"))
            #expect(fixture.server.files == ["k"])
        }
    }

    @Test("H73 a server that lets nobody delete: the older file is moved, not lost")
    func deleteRefused() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            let old = try await fixture.publish(size: 10, as: "k")
            try fixture.server.misbehave(#"{"no_overwrite": true, "refuse": {"DELE": "550 Permission denied."}}"#)
            let bytes = try await fixture.publish(size: 20, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"))
            #expect(fixture.server.holds(old, as: Self.aside))
        }
    }

    @Test("H73 the connection breaks when the older file has been moved: the new one is not deleted, it may be the only copy")
    func broken() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            let old = try await fixture.publish(size: 10, as: "k")
            try fixture.server.misbehave(#"{"no_overwrite": true, "lose_rename": "k"}"#)
            let error = try await fixture.failure(size: 20, as: "k")
            #expect(error?.disposition == .retry)
            #expect(fixture.server.files == ["k.1.part", Self.aside])
            #expect(fixture.server.holds(old, as: Self.aside))
            #expect(fixture.server.content(of: "k.1.part")?.count == 20)
            try fixture.server.misbehave("{}")
            let bytes = try await fixture.publish(size: 30, as: "k")
            #expect(fixture.server.holds(bytes, as: "k"), "and the next attempt succeeds")
        }
    }

    @Test("H72 the lease is lost while the rename is refused: the older file, perhaps another worker's, is not touched", arguments: [1, 2])
    func superseded(_ yes: Int) async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            let old = try await fixture.publish(size: 10, as: "k")
            try fixture.server.misbehave(#"{"no_overwrite": true}"#)
            let asked = Atomic(0)
            let error = try await fixture.failure(size: 20, as: "k") {
                asked.add(1, ordering: .relaxed).newValue <= yes
            }
            #expect(error?.disposition == .superseded)
            #expect(asked.load(ordering: .relaxed) == yes + 1)
            #expect(fixture.server.holds(old, as: "k"))
            #expect(fixture.server.files == ["k"])
        }
    }

    @Test("H72 the temporary file has gone: what has the final name stays")
    func overtaken() async throws {
        try await FTPFixture.with(.hostile(tls: false)) { fixture in
            let old = try await fixture.publish(size: 10, as: "k")
            try fixture.server.misbehave(#"{"refuse": {"RNFR": "550 No such file."}}"#)
            #expect(try await fixture.failure(size: 20, as: "k")?.disposition == .retry)
            #expect(fixture.server.holds(old, as: "k"))
        }
    }
}
