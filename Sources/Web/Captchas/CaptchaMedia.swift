import Accounts
import NIOCore
package import Platform
import Synchronization

/// Draws and speaks captchas, each once as a rule: what was made last is kept for whoever asks again (H83).
package final class CaptchaMedia: Sendable {
    enum Kind: String {
        case png, wav

        var contentType: String {
            switch self {
            case .png: "image/png"
            case .wav: "audio/wav"
            }
        }
    }

    private struct Key: Hashable {
        let id: CaptchaID
        let kind: Kind
    }

    private struct Cache {
        var bytes: [Key: ByteBuffer] = [:]
        var order: [Key] = []
    }

    /// About 10 MB of sounds, or 1 MB of pictures.
    private static let kept = 128
    /// Pieces of work that may wait for a thread; more are refused at once.
    private static let waiting = 64

    private let pool: BlockingPool
    private let cache = Mutex(Cache())

    /// - Parameter pool: computes; a thread or two are enough.
    package init(pool: BlockingPool) {
        self.pool = pool
    }

    /// - Throws: `APIError.unavailable` when too many wait or there is no memory.
    func bytes(_ kind: Kind, of challenge: CaptchaChallenge) async throws -> ByteBuffer {
        let key = Key(id: challenge.id, kind: kind)
        if let known = cache.withLock({ $0.bytes[key] }) { return known }
        guard pool.load < Self.waiting else { throw APIError.unavailable }
        let (text, seed) = (challenge.text, challenge.seed)
        let made = try await pool.run {
            switch kind {
            case .png: CaptchaImage.png(of: text, seed: seed)
            case .wav: CaptchaAudio.wav(of: text, seed: seed)
            }
        }
        guard let made else { throw APIError.unavailable }
        let bytes = ByteBuffer(bytes: made)
        cache.withLock { cache in
            guard cache.bytes.updateValue(bytes, forKey: key) == nil else { return }
            cache.order.append(key)
            if cache.order.count > Self.kept { cache.bytes[cache.order.removeFirst()] = nil }
        }
        return bytes
    }
}
