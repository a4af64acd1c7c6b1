package import Accounts
package import NIOCore
package import Platform
import Synchronization

/// Draws and speaks captchas, each once as a rule (H83).
///
/// What was made last is kept. Of what is not there yet one drawing is under way, whoever asks for it meanwhile: it belongs to nobody, so
/// that an asker who goes away takes it from no other, and ends with its places given back. Before it begins it is counted, then it takes
/// a place among a few of the same network or browser; so those who ask for many wait for each other, and keep nobody else waiting.
package final class CaptchaMedia: Sendable {
    package enum Kind: String, Sendable {
        case png, wav

        var contentType: String {
            switch self {
            case .png: "image/png"
            case .wav: "audio/wav"
            }
        }
    }

    /// Makes the bytes; nil when there is no memory.
    package typealias Draw = @Sendable (Kind, CaptchaChallenge) -> [UInt8]?
    /// Counts a drawing, and says in whose name.
    package typealias Admit = @Sendable () async throws -> ThrottleSubject

    /// Bytes that are kept: a hundred sounds, or a thousand pictures.
    private static let kept = 8 << 20
    /// Drawings that wait or run.
    package static let places = (all: 64, ofEach: 4)

    private struct Key: Hashable {
        let id: CaptchaID
        let kind: Kind
    }

    private struct State {
        var cache = CaptchaCache<Key>(limit: CaptchaMedia.kept)
        var drawings: [Key: Task<ByteBuffer, any Error>] = [:]
    }

    private let pool: BlockingPool
    private let draw: Draw
    private let places = Places<ThrottleSubject>(limit: CaptchaMedia.places.all, limitOfHolder: CaptchaMedia.places.ofEach)
    private let state = Mutex(State())

    /// - Parameter pool: computes; a thread or two are enough.
    package init(pool: BlockingPool, draw: @escaping Draw = CaptchaMedia.draw) {
        self.pool = pool
        self.draw = draw
    }

    /// - Parameter admit: asked before something is drawn, and not for what is there or under way.
    /// - Throws: what `admit` throws, and `APIError.unavailable` when too much waits or there is no memory.
    package func bytes(_ kind: Kind, of challenge: CaptchaChallenge, admit: @escaping Admit) async throws -> ByteBuffer {
        let key = Key(id: challenge.id, kind: kind)
        let (known, drawing) = state.withLock { state -> (ByteBuffer?, Task<ByteBuffer, any Error>?) in
            if let known = state.cache.use(key) { return (known, nil) }
            if let drawing = state.drawings[key] { return (nil, drawing) }
            // A task of its own, since it must not end with the first of those who wait for it.
            let drawing = Task { try await self.make(key, challenge, admit) }
            state.drawings[key] = drawing
            return (nil, drawing)
        }
        if let known { return known }
        guard let drawing else { throw APIError.unavailable }
        return try await drawing.value
    }

    private func make(_ key: Key, _ challenge: CaptchaChallenge, _ admit: Admit) async throws -> ByteBuffer {
        do {
            let bytes = try await drawn(key.kind, challenge, admit)
            state.withLock { state in
                state.cache.keep(bytes, as: key)
                state.drawings[key] = nil
            }
            return bytes
        } catch {
            state.withLock { $0.drawings[key] = nil }
            throw error
        }
    }

    private func drawn(_ kind: Kind, _ challenge: CaptchaChallenge, _ admit: Admit) async throws -> ByteBuffer {
        let holder = try await admit()
        guard let place = try? places.enter(holder) else { throw APIError.unavailable }
        let made = try await pool.run { [draw] in draw(kind, challenge) }
        withExtendedLifetime(place) {}
        guard let made else { throw APIError.unavailable }
        return ByteBuffer(bytes: made)
    }

    /// The picture or the sound.
    package static let draw: Draw = { kind, challenge in
        switch kind {
        case .png: CaptchaImage.png(of: challenge.text, seed: challenge.seed)
        case .wav: CaptchaAudio.wav(of: challenge.text, seed: challenge.seed)
        }
    }
}
