import Jobs
import Platform
import Testing

@Suite struct JobEnvelopeTests {
    private func sample(_ payload: [UInt8] = Array("{}".utf8)) throws -> [UInt8] {
        try JobEnvelope.encode(schemaVersion: 258, payload: payload)
    }

    @Test func whatIsEncodedIsRead() throws {
        let envelope = try JobEnvelope(sample([0, 255, 10, 124])[...])
        #expect(envelope.schemaVersion == 258)
        #expect(Array(envelope.payload) == [0, 255, 10, 124])
    }

    @Test("H94 a payload above 64 KiB is refused with its own error, one of 64 KiB is not")
    func payloadLimit() throws {
        #expect(try JobEnvelope(sample(Array(repeating: 1, count: 65536))[...]).payload.count == 65536)
        let error = #expect(throws: JobsError.self) { try sample(Array(repeating: 1, count: 65537)) }
        #expect(error?.code == .payloadTooLarge)
    }

    @Test("H94 every truncation and every padding of an envelope is recognised")
    func truncation() throws {
        let bytes = try sample(Array("{\"a\":1}".utf8))
        for length in 0..<bytes.count {
            let error = #expect(throws: JobsError.self) { try JobEnvelope(bytes[..<length]) }
            #expect(error?.code == .malformed)
        }
        #expect(throws: JobsError.self) { try JobEnvelope((bytes + [0])[...]) }
    }

    @Test("H94 random bytes never trap")
    func randomBytes() throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = try sample()
        for _ in 0..<5000 {
            var hostile = bytes
            for _ in 0..<3 { hostile[Int.random(in: 0..<hostile.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator) }
            _ = try? JobEnvelope(hostile[...])
            _ = try? JobEntry(hostile)
            let noise = (0..<Int.random(in: 0...64)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try? JobEnvelope(noise[...])
        }
    }

    @Test func extensionsTravelWithTheJob() throws {
        let trace = try #require(TraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        let extensions = JobEnvelope.Extensions(timeout: 1, lifetime: 86_400_000 * 3650, traceParent: trace)
        let bytes = try JobEnvelope.encode(schemaVersion: 1, extensions: extensions, payload: [1])
        #expect(try JobEnvelope(bytes[...]).extensions == extensions)
        #expect(try JobEnvelope(sample()[...]).extensions == JobEnvelope.Extensions())
    }

    @Test(
        "a trace parent that is not one is refused",
        arguments: [
            "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        ])
    func badTraceParent(_ text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test func unknownExtensionsAreSkipped() throws {
        var bytes = try sample()
        bytes.replaceSubrange(3..<5, with: [0, 4, 9, 2, 1, 1])
        #expect(try JobEnvelope(bytes[...]).payload.count == 2)
        bytes[6] = 3
        #expect(throws: JobsError.self) { try JobEnvelope(bytes[...]) }
    }

    @Test func anotherCodecVersionIsRefused() throws {
        var bytes = try sample()
        bytes[0] = 1
        #expect(throws: JobsError.self) { try JobEnvelope(bytes[...]) }
    }

    @Test("a bad type is refused", arguments: ["", "Note", "a b", "a|b", String(repeating: "a", count: 65)])
    func badType(_ type: String) {
        #expect(throws: JobsError.self) { try JobRequest(type: type, body: [], id: "a", queue: "q") }
    }
}

@Suite struct JobEntryTests {
    @Test func anEntryIsRead() throws {
        let entry = try JobEntry(Array("1700000000001|1700000000000|2|1|0|1700000000000000|3:alice|transfer-1|note|k1|body|with|bars".utf8))
        #expect(entry.readyAt == 1_700_000_000_001)
        #expect(entry.enqueuedAt == 1_700_000_000_000)
        #expect(entry.attempts == 2)
        #expect(entry.crashes == 1)
        #expect(entry.previousEpoch == 1_700_000_000_000_000)
        #expect(entry.priority == 3)
        #expect(entry.tenant == "alice")
        #expect(entry.id == "transfer-1")
        #expect(entry.type == "note")
        #expect(entry.uniqueKey == "k1")
        #expect(entry.tailSize == "3:alice|transfer-1|note|k1|body|with|bars".utf8.count)
        #expect(String(decoding: entry.body, as: UTF8.self) == "body|with|bars")
    }

    @Test func emptyNumbersOfAnEntryAreThoseOfAJobWithoutAHistory() throws {
        let entry = try JobEntry(Array("1700000000000||||||0:|id|note||body".utf8))
        #expect(entry.readyAt == 1_700_000_000_000 && entry.enqueuedAt == entry.readyAt)
        #expect(entry.attempts == 0 && entry.crashes == 0 && entry.previousEpoch == 0)
    }

    @Test(
        "H94 a malformed entry is refused",
        arguments: [
            "", "|2|0|0|0|0|0:t|id|n||b", "1|2|3", "1|2|0|0|0|0|0:|", "1|2|0|0|0|0|0:t|id|n|", "x|2|0|0|0|0|0:t|id|n||b",
            "1|2|-1|0|0|0|0:t|id|n||b",
            "1|2|0|0|0|0|t|id|n||b", "1|2|0|0|0|0|0:t||n||b", "99999999999999999999|2|0|0|0|0|0:t|id|n||b",
            "1|2|0|0|0|0|0:a b|id|n||b", "1|2|0|0|0|0|0:t|i\nd|n||b", "1|2|0|0|0|0|0:t|id|N||b", "1|2|0|0|0|0|0:t|id||a|b",
        ])
    func malformed(_ text: String) {
        #expect(throws: JobsError.self) { try JobEntry(Array(text.utf8)) }
    }
}

@Suite struct JobRequestTests {
    @Test func theDefaultsOfTheContractApply() throws {
        let request = try JobRequest(Note(text: "x"))
        #expect(request.queue == "notes")
        #expect(UUIDv7(request.id) != nil)
        #expect(request.lane == "0:")
    }

    @Test("a bad id is refused", arguments: ["", "a|b", "a b", "ä", "a\n", String(repeating: "a", count: 129)])
    func badID(_ id: String) {
        let error = #expect(throws: JobsError.self) { try JobRequest(Note(), id: id) }
        #expect(error?.code == .invalidJob)
    }

    @Test func badTenantPriorityDelayAndQueueAreRefused() {
        #expect(throws: JobsError.self) { try JobRequest(Note(), tenant: "a|b") }
        #expect(throws: JobsError.self) { try JobRequest(Note(), priority: 10) }
        #expect(throws: JobsError.self) { try JobRequest(Note(), priority: -1) }
        #expect(throws: JobsError.self) { try JobRequest(Note(), delay: .seconds(-1)) }
        #expect(throws: JobsError.self) { try JobRequest(Note(), uniqueKey: "a|b") }
        #expect(throws: JobsError.self) { try JobRequest(Note(), timeout: .zero) }
        #expect(throws: JobsError.self) { try JobRequest(Note(), lifetime: .seconds(86_400 * 4000)) }
        #expect(throws: JobsError.self) { try JobRequest(Note(), queue: "a{b}") }
    }

    @Test("H94 an oversized payload is refused when the request is made")
    func oversized() {
        let error = #expect(throws: JobsError.self) { try JobRequest(Note(text: String(repeating: "x", count: 65536))) }
        #expect(error?.code == .payloadTooLarge)
    }

    @Test func theFileJobsHaveTheirIdentifiers() throws {
        let file = UUIDv7()
        #expect(TransferFile.id(of: file) == "transfer-\(file)")
        #expect(DeleteFile.id(of: file) == "delete-\(file)")
        let payload = try TransferFile(file: file, key: "u/2026/11/x.bin").encodePayload()
        let read = try TransferFile.decodePayload(payload[...], schemaVersion: 1)
        #expect(read.file == file)
        #expect(read.key == "u/2026/11/x.bin")
        #expect(Reconcile.queue == "maintenance")
    }
}

@Suite struct QueueKeysTests {
    @Test func allKeysShareOneHashTag() throws {
        let keys = try QueueKeys(queue: "transfer@area-1")
        #expect(keys.all.count == 17)
        #expect(Set(keys.all).count == 17)
        #expect(keys.all.allSatisfy { $0.hasPrefix("{q:transfer@area-1:0}:") })
        #expect(keys.ready(lane: "0:t") == "{q:transfer@area-1:0}:r:0:t")
    }

    @Test("a queue name cannot break out of the tag", arguments: ["", "a}b", "a{b", "a:b", "a b"])
    func badName(_ name: String) {
        #expect(throws: JobsError.self) { try QueueKeys(queue: name) }
    }
}

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(maximumAttempts: 4, backoff: Backoff(base: .seconds(1), cap: .seconds(5)))

    @Test func delaysGrowAndStayWithinTheirBounds() throws {
        for (attempt, ceiling) in [(1, 1), (2, 2), (3, 4)] {
            for _ in 0..<100 {
                let delay = try #require(policy.delay(after: attempt, asked: nil))
                #expect(delay >= .seconds(ceiling) / 2 && delay <= .seconds(ceiling))
            }
        }
    }

    @Test func theLastAttemptHasNoDelay() {
        #expect(policy.delay(after: 4, asked: nil) == nil)
        #expect(policy.delay(after: 4, asked: .seconds(1)) == nil)
        #expect(policy.delay(after: 9, asked: nil) == nil)
    }

    @Test func theHandlersWishCounts() {
        #expect(policy.delay(after: 1, asked: .seconds(77)) == .seconds(77))
        #expect(policy.delay(after: 1, asked: .seconds(-1)) == .zero)
    }
}
