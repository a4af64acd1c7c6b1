import Glibc

/// Starts operating-system threads for work that must not run on the cooperative pool: C libraries that block, and
/// timers that must fire while every other thread is busy.
public enum NamedThread {
    /// Starts a detached thread that runs `body` once and ends.
    ///
    /// - Parameter name: shown by `ps -L`; the kernel keeps the first 15 bytes.
    /// - Note: Running out of threads is not survivable for the callers here, so failure traps with `errno`.
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Start(name: name, body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let result = pthread_create(&thread, &attributes, { Start.run($0) }, box.toOpaque())
        precondition(result == 0, "pthread_create: \(String(cString: strerror(result)))")
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            guard let context else { return nil }
            let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
            name(start.name)
            start.body()
            return nil
        }

        /// By way of procfs, since Glibc's module offers neither `pthread_setname_np` nor the variadic `prctl`. A name is
        /// a convenience, so failure is ignored.
        private static func name(_ name: String) {
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            _ = write(file, name, name.utf8.count)
            close(file)
        }
    }
}
