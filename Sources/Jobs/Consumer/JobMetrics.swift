import Metrics

/// The figures of one queue, made once.
struct JobMetrics: Sendable {
    private let ready, delayed, inFlight, dead, parked, suspects, bytes, oldestAge: Gauge
    private let wait, run: Metrics.Timer
    /// By script, from the call to its answer, network included.
    let cycle, fail, beat, reap: Metrics.Timer
    let done, retries, postponed, died, crashes, lostLeases, parkings, errors: Counter
    let violations: Gauge

    init(queue: String) {
        let dimensions = [("queue", queue)]
        ready = Gauge(label: "sluice_jobs_ready", dimensions: dimensions)
        delayed = Gauge(label: "sluice_jobs_delayed", dimensions: dimensions)
        inFlight = Gauge(label: "sluice_jobs_in_flight", dimensions: dimensions)
        dead = Gauge(label: "sluice_jobs_dead", dimensions: dimensions)
        parked = Gauge(label: "sluice_jobs_parked", dimensions: dimensions)
        suspects = Gauge(label: "sluice_jobs_suspects", dimensions: dimensions)
        bytes = Gauge(label: "sluice_jobs_bytes", dimensions: dimensions)
        violations = Gauge(label: "sluice_jobs_invariant_violations", dimensions: dimensions)
        oldestAge = Gauge(label: "sluice_jobs_oldest_age_seconds", dimensions: dimensions)
        wait = Metrics.Timer(label: "sluice_jobs_wait_seconds", dimensions: dimensions)
        run = Metrics.Timer(label: "sluice_jobs_run_seconds", dimensions: dimensions)
        func script(_ name: String) -> Metrics.Timer {
            Metrics.Timer(label: "sluice_jobs_script_seconds", dimensions: dimensions + [("script", name)])
        }
        (cycle, fail, beat, reap) = (script("cycle"), script("fail"), script("beat"), script("reap"))
        done = Counter(label: "sluice_jobs_done_total", dimensions: dimensions)
        retries = Counter(label: "sluice_jobs_retries_total", dimensions: dimensions)
        postponed = Counter(label: "sluice_jobs_postponed_total", dimensions: dimensions)
        died = Counter(label: "sluice_jobs_died_total", dimensions: dimensions)
        crashes = Counter(label: "sluice_jobs_crashes_total", dimensions: dimensions)
        parkings = Counter(label: "sluice_jobs_parked_total", dimensions: dimensions)
        lostLeases = Counter(label: "sluice_jobs_lost_leases_total", dimensions: dimensions)
        errors = Counter(label: "sluice_jobs_redis_errors_total", dimensions: dimensions)
    }

    func record(_ snapshot: QueueSnapshot) {
        ready.record(snapshot.ready)
        delayed.record(snapshot.delayed)
        inFlight.record(snapshot.inFlight)
        dead.record(snapshot.dead)
        parked.record(snapshot.parked)
        suspects.record(snapshot.suspects)
        bytes.record(snapshot.bytes)
        oldestAge.record(snapshot.oldestAge / .seconds(1))
    }

    /// Measures how long an answer takes, also when it is an error.
    func time<T: Sendable>(
        _ timer: Metrics.Timer, _ call: () async throws(JobsError) -> T
    ) async throws(JobsError) -> T {
        let start = ContinuousClock.now
        defer { timer.recordNanoseconds(Int64(start.duration(to: .now) / .nanoseconds(1))) }
        return try await call()
    }

    func recordRun(waited milliseconds: Int64, ran: Duration) {
        wait.recordMilliseconds(max(0, milliseconds))
        run.recordNanoseconds(Int64(ran / .nanoseconds(1)))
    }
}
