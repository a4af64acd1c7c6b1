// What mutex.c promises, one case per run of this program: `proof CASE`. The sanitizer's report is the result; see `prove`.
//
//   locked     two threads contend for the lock around a counter   reported without mutex.c, silent with it
//   tried      the same with `withLockIfAvailable` in one thread    reported without mutex.c, silent with it
//   elsewhere  each thread takes a lock of its own                 reported
//   unlocked   one of the threads takes no lock                    reported
//   outside    the counter is changed after the lock is released   reported

import Glibc
import Synchronization

final class Counter: @unchecked Sendable {
    let lock = Mutex(())
    let other = Mutex(())
    var value = 0

    /// Takes long enough for the other thread to give up spinning and to wait in the kernel.
    func add() {
        value += 1
        usleep(500)
    }

    func change(_ name: String, second: Bool) {
        switch name {
        case "locked": lock.withLock { _ in add() }
        case "tried": if !second || lock.withLockIfAvailable({ _ in add() }) == nil { lock.withLock { _ in add() } }
        case "elsewhere": if second { other.withLock { _ in add() } } else { lock.withLock { _ in add() } }
        case "unlocked": if second { add() } else { lock.withLock { _ in add() } }
        case "outside":
            lock.withLock { _ in _ = usleep(500) }
            value += 1
        default: fatalError("no case \(name)")
        }
    }
}

final class Start: Sendable {
    let counter: Counter
    let second: Bool

    init(_ counter: Counter, second: Bool) {
        self.counter = counter
        self.second = second
    }
}

func spawn(_ start: Start) -> pthread_t {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { context in
            let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
            for _ in 0..<50 { start.counter.change(CommandLine.arguments[1], second: start.second) }
            return nil
        }, Unmanaged.passRetained(start).toOpaque())
    return thread
}

let counter = Counter()
let threads = [false, true].map { spawn(Start(counter, second: $0)) }
for thread in threads { pthread_join(thread, nil) }
