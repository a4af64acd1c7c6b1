extension JobContext {
    /// For a job that a schedule fired: the tick it stands for, in seconds since 1970. It is the same in every run of the job, however
    /// late, so that a report knows its day. nil for other jobs.
    public var tick: Int64? { ScheduledJob.tick(ofID: id) }
}
