import Glibc

/// What the kernel says about this process: memory, open descriptors, processor time (proc(5), getrusage(2)).
public enum ProcessMetrics {
    /// For `PrometheusRegistry.collect`. A value the kernel withholds is left out.
    public static func samples() -> [PrometheusRegistry.Sample] {
        var samples: [PrometheusRegistry.Sample] = []
        if let bytes = residentMemory() {
            samples.append(.init("process_resident_memory_bytes", .gauge, help: "Resident memory.", value: Double(bytes)))
        }
        if let count = openDescriptors() {
            samples.append(.init("process_open_fds", .gauge, help: "Open file descriptors.", value: Double(count)))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            samples.append(.init("process_max_fds", .gauge, help: "Limit of open file descriptors.", value: Double(limit.rlim_cur)))
        }
        if let seconds = processorSeconds() {
            samples.append(.init("process_cpu_seconds_total", .counter, help: "Processor time, user and system.", value: seconds))
        }
        return samples
    }

    /// Bytes.
    package static func residentMemory() -> Int? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in count = max(0, read(file, buffer.baseAddress, 256)) }
        let fields = bytes.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Not counting the one that this call needs.
    package static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = -1
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }

    private static func processorSeconds() -> Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return Double(seconds) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
