import Glibc

/// A meeting point for threads: nobody goes on before all are there. For closures on connection threads, which may block.
///
/// Unchecked because a barrier needs C storage; it is written once, at creation, and made for concurrent use.
final class Rendezvous: @unchecked Sendable {
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(parties: UInt32) {
        pthread_barrier_init(barrier, nil, parties)
    }

    deinit {
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
    }

    func meet() {
        pthread_barrier_wait(barrier)
    }
}
