import CHiredis

/// Makes Swift values while hiredis parses, so that no tree of C replies is built and copied.
///
/// hiredis reports the items of a reply depth first: an array before its elements. The builder needs no more than that.
final class ReplyBuilder {
    private struct Level {
        var values: [RedisValue]
        var missing: Int
    }

    private var levels: [Level] = []
    private var finished: RedisValue?
    private var size = 0
    private let maximumSize: Int
    /// Whether a reply was refused because of its size.
    private(set) var isTooLarge = false

    /// What each item counts besides its bytes: about what a value occupies.
    private static let itemSize = 24
    /// An announced length alone must not make us allocate much.
    private static let reservation = 1024

    init(maximumSize: Int) {
        self.maximumSize = maximumSize
    }

    func take() -> RedisValue? {
        defer {
            finished = nil
            size = 0
        }
        return finished
    }

    fileprivate func add(string bytes: UnsafeRawBufferPointer, type: Int32) -> Bool {
        guard claim(bytes.count) else { return false }
        switch type {
        case REDIS_REPLY_STATUS: add(.simple(String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ERROR: add(.error(String(decoding: bytes, as: UTF8.self)))
        default: add(.bytes(Array(bytes)))
        }
        return true
    }

    fileprivate func add(arrayOf count: Int) -> Bool {
        guard count > 0 else {
            add(.array([]))
            return true
        }
        let (bytes, isOverflow) = count.multipliedReportingOverflow(by: Self.itemSize)
        guard !isOverflow, claim(bytes) else { return false }
        var level = Level(values: [], missing: count)
        level.values.reserveCapacity(min(count, Self.reservation))
        levels.append(level)
        return true
    }

    fileprivate func add(_ value: RedisValue) {
        var value = value
        while let last = levels.indices.last {
            levels[last].values.append(value)
            levels[last].missing -= 1
            guard levels[last].missing == 0 else { return }
            value = .array(levels.removeLast().values)
        }
        finished = value
    }

    private func claim(_ bytes: Int) -> Bool {
        guard bytes <= maximumSize - size else {
            isTooLarge = true
            return false
        }
        size += bytes
        return true
    }
}

extension ReplyBuilder {
    /// The table of callbacks for `redisReaderCreateWithFunctions`.
    ///
    /// Unsafe because it is a C pointer: it is written here once, before anybody can read it, and never again.
    nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let table = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        table.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, text, length in
                    ReplyBuilder.report(task) { builder, type in
                        builder.add(string: UnsafeRawBufferPointer(start: text, count: length), type: type)
                    }
                },
                createArray: { task, count in
                    ReplyBuilder.report(task) { builder, _ in builder.add(arrayOf: Int(count)) }
                },
                createInteger: { task, value in
                    ReplyBuilder.report(task) { builder, _ in
                        builder.add(.integer(Int64(value)))
                        return true
                    }
                },
                createNil: { task in
                    ReplyBuilder.report(task) { builder, _ in
                        builder.add(.null)
                        return true
                    }
                },
                freeObject: nil))
        return table
    }()

    /// Calls `body` with the builder behind a callback's task.
    ///
    /// - Returns: what hiredis takes for the object: any pointer but NULL, which would mean failure.
    private static func report(
        _ task: UnsafePointer<redisReadTask>?, _ body: (ReplyBuilder, Int32) -> Bool
    ) -> UnsafeMutableRawPointer? {
        guard let task, let context = task.pointee.privdata else { return nil }
        let builder = Unmanaged<ReplyBuilder>.fromOpaque(context).takeUnretainedValue()
        return body(builder, task.pointee.type) ? context : nil
    }
}
