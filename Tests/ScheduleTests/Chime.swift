import Jobs
import Platform

/// The job of schedules that are only looked at.
struct Chime: JobContract {
    var text = ""

    static var type: String { "chime" }
    static var schemaVersion: Int { 1 }
    static var queue: String { "chimes" }
    static var policy: RetryPolicy { .standard }
}
