import NIOCore
import Testing
import Web

@Suite("What is kept of captchas")
struct CaptchaCacheTests {
    @Test("so many bytes are kept, and what was not used for the longest goes first")
    func leastRecentlyUsed() {
        var cache = CaptchaCache<Int>(limit: 100)
        for key in 0..<10 { cache.keep(Self.bytes(10), as: key) }
        #expect(Self.keys(in: cache) == Array(0..<10))
        // 0 and 5 are used again, so 1, 2 and 3 have to go.
        #expect(cache.use(5)?.readableBytes == 10 && cache.use(0) != nil)
        cache.keep(Self.bytes(25), as: 10)
        #expect(Self.keys(in: cache) == [0, 4, 5, 6, 7, 8, 9, 10])
        // A large one takes the place of many; 0 was used after 5.
        cache.keep(Self.bytes(60), as: 11)
        #expect(Self.keys(in: cache) == [0, 10, 11])
    }

    @Test("what is too large alone is not kept, and nothing goes for it")
    func tooLarge() {
        var cache = CaptchaCache<Int>(limit: 100)
        cache.keep(Self.bytes(100), as: 1)
        cache.keep(Self.bytes(101), as: 2)
        #expect(Self.keys(in: cache) == [1])
        cache.keep(Self.bytes(101), as: 1)
        #expect(Self.keys(in: cache).isEmpty)
    }

    @Test("what is kept twice counts once, also as the only one, the oldest and the newest")
    func again() {
        var cache = CaptchaCache<Int>(limit: 100)
        for size in [10, 90, 20] { cache.keep(Self.bytes(size), as: 1) }
        cache.keep(Self.bytes(80), as: 2)
        #expect(Self.keys(in: cache) == [1, 2])
        cache.keep(Self.bytes(20), as: 1)
        cache.keep(Self.bytes(20), as: 1)
        #expect(Self.keys(in: cache) == [1, 2])
        cache.keep(Self.bytes(1), as: 3)
        #expect(Self.keys(in: cache) == [1, 3])
        for key in [3, 1, 9] { _ = cache.use(key) }
        cache.keep(Self.bytes(80), as: 4)
        #expect(Self.keys(in: cache) == [1, 4])
    }

    private static func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0, count: count) }

    /// Of a copy, since to look is to use.
    private static func keys(in cache: CaptchaCache<Int>) -> [Int] {
        var copy = cache
        return (0..<20).filter { copy.use($0) != nil }
    }
}
