import Files
import Foundation
import Jobs
import Platform
import TestSupport
import Testing
import Worker

@Suite("Sweep of parts", .serialized, .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct SweepPartsTests {
    @Test("H70 old parts go; young ones, stored objects and whatever others have put there stay")
    func parts() async throws {
        try await WorkerFixture.with { fixture in
            let directory = "7/" + FileKey.directory(milliseconds: FileID().milliseconds)
            let (old, young) = ("\(directory)/\(FileID()).pdf.41.part", "\(directory)/\(FileID()).pdf.42.part")
            let kept = ["\(directory)/\(FileID()).pdf", "\(directory)/notes.1.part", "other/\(FileID()).1.part", young].sorted()
            for key in kept + [old] { try await fixture.put(bytes(10), as: key) }
            for key in kept + [old] where key != young { try fixture.backdateObject(key, hours: 48) }

            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files == kept)
        }
    }

    @Test("what was moved aside is swept only if something has its key: otherwise it may be the only copy")
    func aside() async throws {
        try await WorkerFixture.with { fixture in
            let directory = "7/" + FileKey.directory(milliseconds: FileID().milliseconds)
            let (replaced, lost) = ("\(directory)/\(FileID()).pdf", "\(directory)/\(FileID()).pdf")
            let aside = [replaced, lost].map { $0 + ".41.part.old" }
            for key in aside + [replaced] { try await fixture.put(bytes(10), as: key) }
            for key in aside { try fixture.backdateObject(key, hours: 48) }
            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files == [replaced, aside[1]].sorted())
        }
    }

    @Test("parts of the month before are found as well")
    func monthBefore() async throws {
        try await WorkerFixture.with { fixture in
            let directory = "7/" + FileKey.directory(milliseconds: FileID().milliseconds - 27 * 86_400_000)
            let old = "\(directory)/\(FileID()).41.part"
            try await fixture.put(bytes(10), as: old)
            try fixture.backdateObject(old, hours: 48)
            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files == [])
        }
    }

    @Test("directories beside ours, of whatever name, do not keep parts from being swept")
    func foreignDirectories() async throws {
        try await WorkerFixture.with { fixture in
            for name in ["lost+found", "a b", "-x"] {
                try FileManager.default.createDirectory(
                    atPath: "\(fixture.server.root)/\(name)", withIntermediateDirectories: false)
            }
            let old = "7/\(FileKey.directory(milliseconds: FileID().milliseconds))/\(FileID()).41.part"
            try await fixture.put(bytes(10), as: old)
            try fixture.backdateObject(old, hours: 48)
            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files == [])
        }
    }

    @Test("what one user's directory refuses does not protect the others'")
    func refusedDirectory() async throws {
        try await WorkerFixture.with { fixture in
            let directory = FileKey.directory(milliseconds: FileID().milliseconds)
            let keys = (6...8).map { "\($0)/\(directory)/\(FileID()).41.part" }
            for key in keys {
                try await fixture.put(bytes(10), as: key)
                try fixture.backdateObject(key, hours: 48)
            }
            try fixture.server.setPermissions(0o555, of: "7/\(directory)")
            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files == [keys[1]])
        }
    }

    @Test("H70 more parts than are held at a time, among more objects than a listing is read at once")
    func many() async throws {
        try await WorkerFixture.with { fixture in
            let directory = "7/" + FileKey.directory(milliseconds: FileID().milliseconds)
            let kept = "\(directory)/\(FileID()).pdf"
            try await fixture.put(bytes(10), as: kept)
            for number in 0..<2300 {
                let key = "\(directory)/\(FileID()).\(number).part"
                try fixture.server.place([], at: key)
                try fixture.backdateObject(key, hours: 48)
            }
            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files == [kept])
        }
    }

    @Test("a server that says yes to deletions and deletes nothing does not hold the sweep for ever")
    func nothingDeleted() async throws {
        try await WorkerFixture.with(.hostile(tls: false)) { fixture in
            let directory = "7/" + FileKey.directory(milliseconds: FileID().milliseconds)
            try await fixture.put(bytes(10), as: "\(directory)/first")
            for number in 0..<1000 {
                let key = "\(directory)/\(FileID()).\(number).part"
                try fixture.server.place([], at: key)
                try fixture.backdateObject(key, hours: 48)
            }
            try fixture.server.misbehave(#"{"refuse": {"DELE": "250 Gone."}}"#)
            #expect(await fixture.sweepParts.handle(SweepParts(), run()).isDone)
            #expect(fixture.server.files.count == 1001)
        }
    }

    @Test("an outage puts the sweep off and spends no attempt")
    func outage() async throws {
        try await WorkerFixture.with { fixture in
            fixture.server.stop()
            #expect(await fixture.sweepParts.handle(SweepParts(), run(isLast: true)).delay == .seconds(60))
        }
    }

    @Test("a lost lease ends it")
    func lostLease() async throws {
        try await WorkerFixture.with { fixture in
            let key = "7/\(FileKey.directory(milliseconds: FileID().milliseconds))/\(FileID()).1.part"
            try await fixture.put(bytes(10), as: key)
            try fixture.backdateObject(key, hours: 48)
            _ = await fixture.sweepParts.handle(SweepParts(), run(isCurrent: { false }))
            #expect(fixture.server.files == [key])
        }
    }

    @Test("the lowest numbers, in order and each once", arguments: [nil, 3] as [Int64?])
    func lowest(floor: Int64?) {
        var lowest = LowestNumbers(count: 3, after: floor)
        for number: Int64 in [9, 3, 7, 5, 1, 5, 8, 1, 4] { lowest.insert(number) }
        #expect(lowest.numbers == (floor == nil ? [1, 3, 4] : [4, 5, 7]))
    }
}

extension WorkerFixture {
    fileprivate func backdateObject(_ key: String, hours: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3600 * hours)], ofItemAtPath: "\(server.root)/\(key)")
    }
}
