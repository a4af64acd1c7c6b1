import CHiredis
import NIOCore

/// Encodes commands through `redisFormatCommandArgv`, which counts bytes and never parses them: no argument can break
/// out, whatever it holds. (The printf-like sibling would split at blanks.)
enum CommandFormatter {
    static func encode(_ name: String, _ arguments: [RedisArgument]) -> ByteBuffer {
        let count = arguments.count + 1
        var arena: [UInt8] = []
        arena.reserveCapacity(arguments.reduce(name.utf8.count) { $0 + $1.count })
        arena.append(contentsOf: name.utf8)
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { lengths in
            lengths.initializeElement(at: 0, to: arena.count)
            for (index, argument) in arguments.enumerated() {
                let start = arena.count
                switch argument.storage {
                case .string(let value): arena.append(contentsOf: value.utf8)
                case .bytes(let value): arena.append(contentsOf: value)
                }
                lengths.initializeElement(at: index + 1, to: arena.count - start)
            }
            return arena.withUnsafeBytes { format($0, lengths: UnsafeBufferPointer(lengths)) }
        }
    }

    /// - Parameters:
    ///   - arena: all arguments, one after the other.
    ///   - lengths: how many bytes of it belong to each.
    private static func format(_ arena: UnsafeRawBufferPointer, lengths: UnsafeBufferPointer<Int>) -> ByteBuffer {
        // An arena without bytes has no address, but the formatter wants one even for an argument of length 0.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { empty in
            let start = arena.baseAddress ?? UnsafeRawPointer(empty.baseAddress!)
            return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: lengths.count) { pointers in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: lengths.count) { sizes in
                    var offset = 0
                    for (index, length) in lengths.enumerated() {
                        pointers.initializeElement(at: index, to: (start + offset).assumingMemoryBound(to: CChar.self))
                        sizes.initializeElement(at: index, to: length)
                        offset += length
                    }
                    return copy(pointers, sizes)
                }
            }
        }
    }

    private static func copy(
        _ pointers: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>, _ sizes: UnsafeMutableBufferPointer<Int>
    ) -> ByteBuffer {
        // `size_t` is imported as `Int` in a signature and as `UInt` behind a pointer.
        sizes.withMemoryRebound(to: UInt.self) { sizes in
            var target: UnsafeMutablePointer<CChar>?
            let length = redisFormatCommandArgv(&target, Int32(sizes.count), pointers.baseAddress, sizes.baseAddress)
            // Fails for want of memory alone, where Swift's own allocations trap as well.
            guard let target, length >= 0 else { preconditionFailure("out of memory for a command") }
            defer { redisFreeCommand(target) }
            var buffer = ByteBufferAllocator().buffer(capacity: Int(length))
            buffer.writeBytes(UnsafeRawBufferPointer(start: target, count: Int(length)))
            return buffer
        }
    }
}
