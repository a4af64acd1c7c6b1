import Platform

/// How long a job waits that comes back through no fault of its own.
enum Pause {
    /// In a long outage all that was asked for during it waits, so a job comes back the more rarely the longer it has waited; spread, so
    /// that jobs that failed together do not return together: up to twice `longest`.
    ///
    /// - Parameter id: of what the job is about, made when it was asked for.
    static func since(_ id: UUIDv7, longest: Duration) -> Duration {
        let waited = Duration.milliseconds(UUIDv7().milliseconds - id.milliseconds)
        return min(max(waited / 16, .seconds(1)), longest) * Double.random(in: 1...2)
    }
}
