import Accounts
import NIOCore
import Platform
import Synchronization
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Drawing captchas")
    struct CaptchaMediaTests {
        @Test("H83 one drawing is under way for all who ask for the same meanwhile, and is counted once")
        func singleFlight() async throws {
            try await Studio.with { studio in
                let challenge = studio.challenge()
                studio.gate.close()
                let askers = (0..<50).map { _ in Task { try await studio.ask(.png, challenge) } }
                try await studio.until { studio.pool.load == 1 }
                studio.gate.open()
                var answers: Set<ByteBuffer> = []
                for asker in askers { answers.insert(try await asker.value) }
                answers.insert(try await studio.ask(.png, challenge))
                #expect(answers.count == 1 && studio.drawn.all == ["png"] && studio.admitted.all.count == 1)
                _ = try await studio.ask(.wav, challenge)
                #expect(studio.drawn.all == ["png", "wav"] && studio.admitted.all.count == 2)
            }
        }

        @Test("H83 the first asker who goes away takes the drawing from no other, and all places are given back")
        func cancelled() async throws {
            try await Studio.with { studio in
                studio.gate.close()
                let challenges = (0..<CaptchaMedia.places.ofEach).map { _ in studio.challenge() }
                let firsts = challenges.map { challenge in Task { try await studio.ask(.png, challenge) } }
                try await studio.until { studio.pool.load == challenges.count }
                let seconds = challenges.map { challenge in Task { try await studio.ask(.png, challenge) } }
                // As long as it takes until they wait as well.
                for _ in 0..<1000 { await Task.yield() }
                for asker in firsts { asker.cancel() }
                studio.gate.open()
                for asker in seconds { #expect(try await asker.value.readableBytes > 0) }
                for asker in firsts { _ = await asker.result }
                #expect(studio.drawn.all.count == challenges.count)
                // Nor are they lost when nobody is left who waits.
                for _ in 0..<3 {
                    studio.gate.close()
                    let lost = (0..<CaptchaMedia.places.ofEach).map { _ in Task { try await studio.ask(.png, studio.challenge()) } }
                    try await studio.until { studio.pool.load == lost.count }
                    for asker in lost { asker.cancel() }
                    studio.gate.open()
                    for asker in lost { _ = await asker.result }
                }
                #expect(try await studio.ask(.wav, studio.challenge()).readableBytes > 0)
            }
        }

        @Test("H83 four drawings of one network wait or run, and one more is refused at once; others are drawn")
        func placesOfNetwork() async throws {
            try await Studio.with { studio in
                studio.gate.close()
                let holder = ThrottleSubject.network(NetworkAddress("192.0.2.1"))
                let askers = (0..<CaptchaMedia.places.ofEach).map { _ in
                    Task { try await studio.ask(.png, studio.challenge(), as: holder) }
                }
                try await studio.until { studio.pool.load == askers.count }
                #expect(await studio.isRefused(as: holder))
                let other = Task { try await studio.ask(.png, studio.challenge(), as: .network(NetworkAddress("192.0.2.2"))) }
                let known = Task { try await studio.ask(.png, studio.challenge(), as: .device(OpaqueToken())) }
                studio.gate.open()
                for asker in askers + [other, known] { #expect(try await asker.value.readableBytes > 0) }
                #expect(await !studio.isRefused(as: holder))
            }
        }

        @Test("H83 64 drawings wait or run in all, whoever they are for")
        func placesInAll() async throws {
            try await Studio.with { studio in
                studio.gate.close()
                let askers = (0..<CaptchaMedia.places.all).map { number in
                    Task { try await studio.ask(.png, studio.challenge(), as: .network(NetworkAddress("192.0.2.\(number)"))) }
                }
                let one = ThrottleSubject.network(NetworkAddress("198.51.100.1"))
                try await studio.until { studio.pool.load == askers.count }
                #expect(await studio.isRefused(as: one))
                studio.gate.open()
                for asker in askers { #expect(try await asker.value.readableBytes > 0) }
                #expect(await !studio.isRefused(as: one))
            }
        }

        @Test("what is not admitted or fails is not kept: whoever comes next has a try of their own")
        func failures() async throws {
            struct Refused: Error {}
            try await Studio.with { studio in
                let challenge = studio.challenge()
                for _ in 0..<2 * CaptchaMedia.places.ofEach {
                    await #expect(throws: Refused.self) { try await studio.media.bytes(.png, of: challenge) { throw Refused() } }
                }
                #expect(studio.drawn.all.isEmpty)
                studio.outOfMemory.set(true)
                for _ in 0..<2 * CaptchaMedia.places.ofEach {
                    await #expect(throws: (any Error).self) { try await studio.ask(.png, challenge) }
                }
                studio.outOfMemory.set(false)
                let bytes = try await studio.ask(.png, challenge)
                #expect(bytes.readableBytes > 0)
            }
        }
    }
}

/// Where a test watches captchas being drawn.
private final class Studio: Sendable {
    final class Switch: Sendable {
        private let state = Atomic(false)
        var isOn: Bool { state.load(ordering: .relaxed) }
        func set(_ isOn: Bool) { state.store(isOn, ordering: .relaxed) }
    }

    /// Holds back what is being drawn.
    let gate = Gate()
    let drawn = Recorder<String>()
    let admitted = Recorder<ThrottleSubject>()
    let outOfMemory = Switch()
    let pool = BlockingPool(name: "studio", size: 2)
    let media: CaptchaMedia
    private let signIn: SignIn

    private init(_ signIn: SignIn) {
        self.signIn = signIn
        media = CaptchaMedia(pool: pool) { [gate, drawn, outOfMemory] kind, challenge in
            drawn.record(kind.rawValue)
            gate.pass()
            return outOfMemory.isOn ? nil : CaptchaMedia.draw(kind, challenge)
        }
    }

    static func with(_ body: @escaping @Sendable (Studio) async throws -> Void) async throws {
        try await WebServer.run { server in
            let studio = Studio(server.signIn)
            // Whatever a test came to, no thread may stay behind.
            defer { studio.gate.open() }
            try await body(studio)
        }
    }

    /// Another one, of another session.
    func challenge() -> CaptchaChallenge {
        let session = signIn.sessions.open()
        guard let challenge = signIn.captchas.find(signIn.captchas.make(for: session), for: session) else {
            preconditionFailure("a new captcha is found")
        }
        return challenge
    }

    func ask(
        _ kind: CaptchaMedia.Kind, _ challenge: CaptchaChallenge, as holder: ThrottleSubject = .network(NetworkAddress("192.0.2.1"))
    ) async throws -> ByteBuffer {
        try await media.bytes(kind, of: challenge) { [admitted] in
            admitted.record(holder)
            return holder
        }
    }

    /// Whether a new captcha finds no place. Does not wait for one that does.
    func isRefused(as holder: ThrottleSubject) async -> Bool {
        let (before, outcome) = (pool.load, Recorder<Bool>())
        let asker = Task { outcome.record((try? await ask(.png, challenge(), as: holder)) == nil) }
        defer { asker.cancel() }
        _ = await eventually { !outcome.all.isEmpty || pool.load > before }
        return outcome.all.first ?? false
    }

    func until(_ condition: () async -> Bool) async throws {
        guard await eventually(condition) else { throw WebDatabase.Missing() }
    }
}
