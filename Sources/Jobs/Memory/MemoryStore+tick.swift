extension MemoryStore {
    mutating func tick(_ job: ScheduledJob, _ plan: SchedulePlan?, at now: Int64) throws(JobsError) -> TickReply {
        let state = schedules[job.name] ?? ""
        guard let plan, plan.seen == state, plan.holds.contains(now) else {
            return TickReply(isHeld: false, fired: 0, overlapped: 0, now: now, state: state)
        }
        var last = ScheduleState(state)?.fired ?? ""
        var (fired, overlapped) = (0, 0)
        for tick in plan.ticks.map(ScheduledJob.text) {
            if job.overlap == .skip, !last.isEmpty, let earlier = jobs["\(job.name)@\(last)"], !earlier.isDead {
                overlapped += 1
                continue
            }
            let request = try job.request(tick: tick)
            guard jobs[request.id] == nil else { continue }
            add(MemoryJob(request, at: now), after: .zero)
            (fired, last) = (fired + 1, tick)
        }
        let next = ScheduleState(watermark: plan.watermark, fired: last, schedule: job.schedule.description).text
        schedules[job.name] = next
        return TickReply(isHeld: true, fired: fired, overlapped: overlapped, now: now, state: next)
    }
}
