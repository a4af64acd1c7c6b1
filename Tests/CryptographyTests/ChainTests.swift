import Cryptography
import Testing

@Suite("Digests in pieces")
struct ChainTests {
    private let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }

    @Test("a chain that is put away at any byte and taken up again gives the digest of all bytes")
    func cuts() throws {
        let expected = SHA256Hasher.digest(of: bytes)
        for cut in 0...200 {
            var chain = SHA256Chain()
            bytes[..<cut].withUnsafeBytes { chain.update($0) }
            #expect(chain.byteCount == Int64(cut))
            #expect(chain.finished() == SHA256Hasher.digest(of: Array(bytes[..<cut])), "a look at the digest on the way")
            var next = try #require(SHA256Chain(state: chain.state))
            #expect(next.state == chain.state)
            bytes[cut...].withUnsafeBytes { next.update($0) }
            #expect(next.finished() == expected, "cut at \(cut)")
        }
    }

    @Test("a state is the same whatever the pieces were, and begins with the words of FIPS 180-4")
    func state() {
        var whole = SHA256Chain()
        bytes.withUnsafeBytes { whole.update($0) }
        var pieces = SHA256Chain()
        for byte in bytes { [byte].withUnsafeBytes { pieces.update($0) } }
        #expect(whole.state == pieces.state)
        #expect(SHA256Chain().state == [0x6a, 0x09, 0xe6, 0x67] + SHA256Chain().state[4...])
        #expect(SHA256Chain().state[32...].allSatisfy { $0 == 0 })
    }

    @Test("copies go on apart")
    func copies() {
        var chain = SHA256Chain()
        bytes.withUnsafeBytes { chain.update($0) }
        var copy = chain
        [UInt8(1)].withUnsafeBytes { copy.update($0) }
        #expect(chain.finished() == SHA256Hasher.digest(of: bytes))
        #expect(copy.finished() == SHA256Hasher.digest(of: bytes + [1]))
    }

    @Test("what is no state is refused")
    func refused() {
        let state = SHA256Chain().state
        #expect(SHA256Chain(state: []) == nil)
        #expect(SHA256Chain(state: state.dropLast()) == nil)
        #expect(SHA256Chain(state: state + [0]) == nil)
        #expect(SHA256Chain(state: state[..<39] + [3] + state[40...]) == nil, "a part of a byte")
    }

    @Test(
        "known answers",
        arguments: [
            (DigestAlgorithm.sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
            (
                .sha512,
                "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"
            ),
            (.md5, "25f9e794323b453885f5181f1b624d0b"), (.crc32c, "e3069283"),
        ])
    func knownAnswers(algorithm: DigestAlgorithm, expected: String) {
        for size in 1...9 {
            var hasher = DigestHasher(algorithm)
            let message = Array("123456789".utf8)
            for start in stride(from: 0, to: message.count, by: size) {
                message[start..<min(message.count, start + size)].withUnsafeBytes { hasher.update($0) }
            }
            let digest = hasher.finish()
            #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
        }
    }

    @Test("a checksum over many bytes at once is that over single ones")
    func checksum() {
        for count in 0..<40 {
            var whole = DigestHasher(.crc32c)
            bytes[..<count].withUnsafeBytes { whole.update($0) }
            var pieces = DigestHasher(.crc32c)
            for byte in bytes[..<count] { [byte].withUnsafeBytes { pieces.update($0) } }
            let (left, right) = (whole.finish(), pieces.finish())
            #expect(left == right)
        }
    }
}
