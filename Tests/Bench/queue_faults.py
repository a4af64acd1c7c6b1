#!/usr/bin/env python3
"""Runs jobs through a queue while its workers and its Redis are being hurt, and counts what became of them.

    queue_faults.py [--jobs 1000000] [--workers 3] [--lease 15] [--seconds-between 1.5] [--seed 1]
    queue_faults.py --ci        100,000 jobs of 20 ms: under a minute
    queue_faults.py --sabotage  takes one job out of Redis as if it had been lost: must print `lost 1` and fail

Everything is private: a redis-server (AOF everysec) on a free loopback port and a temporary folder. First comes one fault of each kind
while jobs are in flight, in an order that the seed decides; more, at random, until 95 % are done:

    killed      SIGKILL to a worker, which is replaced
    frozen      SIGSTOP to a worker for two seconds longer than a lease, then SIGCONT
    cut         all connections are cut
    restarted   Redis is stopped cleanly and started again; this one comes once

Where the jobs would end before, there are more of them. Between faults `sluice check` looks at the queue. Prints four numbers:

    lost                        jobs that never started, that never ended (where they take time: a no-op does not say when it ends), that
                                are left in the queue or dead; or that Redis does not count as acknowledged, if those are more
    acknowledged twice          acknowledgements that Redis counted beyond one for each job that is not known to be lost
    duplicates outside          runs beyond one per job that no kill and no freeze explains
    check                       violations that `sluice check` reported, during the run and at its end

Exit status 0 when all four are 0, every kind of fault happened, and nothing stalled or took too long. A job is counted as lost by name
where records name it, so another one that is acknowledged twice does not make up for it. What names nobody: a no-op that was started and
vanished, while another one was acknowledged twice. Jobs that take time do not have this gap.

Which runs are explained is exact: a run of job J by worker W, where W was killed or frozen while
J was in the index of leases, and W had started J by then (kill), or started it at any time (freeze: W goes on with what it had
claimed). The index is read while W stands still and after a kill once more, so a job that was acknowledged before the fault is not
excused, nor is any job of another worker. All but one run of each job must be explained. A cut connection explains nothing:
acknowledgements are repeated while the lease lasts. The restart explains the jobs in flight just before it only if Redis was away for
longer than leases last without renewal, two thirds of their length.
"""

import argparse
import collections
import random
import sys
import time

import queue_stand

CONCURRENCY = 50
# Jobs a second that workers of no-ops drain at most here, more or less.
FASTEST = 100_000


class Records:
    """What the log says: who ran which job, and which jobs came to their end."""

    def __init__(self, queue):
        self.runs = collections.defaultdict(list)
        self.ended = set()
        for number, worker, kind, at in queue.runs():
            if kind == 0:
                self.runs[number].append((worker, at))
            else:
                self.ended.add(number)

    def duplicates(self, explained):
        """- Returns: runs beyond one per job, and how many of them are explained by nothing."""
        duplicates = outside = 0
        for number, runs in self.runs.items():
            more = len(runs) - 1
            if more:
                excused = sum(at <= explained.get((number, worker), -1) for worker, at in runs)
                duplicates += more
                outside += max(0, more - excused)
        return duplicates, outside


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        folder = queue_stand.folder()
        self.redis = queue_stand.Redis(folder)
        more = {"BENCH_FAST_RECOVERY": "1"} if options.lease == 5 else {}
        self.queue = queue_stand.Queue(self.redis, folder, BENCH_JOB=options.job, BENCH_CONC=str(CONCURRENCY), **more)
        self.kinds = {"killed": self.kill, "frozen": self.freeze, "cut": self.cut, "restarted": self.restart}
        self.due = self.random.sample(sorted(self.kinds), len(self.kinds))
        self.faults = dict.fromkeys(self.kinds, 0)
        self.workers = []
        # Index of a worker that stands still -> when it may go on.
        self.frozen = {}
        # What faults explain: (job, worker) -> until when the run may have started.
        self.explained = {}
        self.jobs = self.enqueued = self.drained = self.away = 0
        self.checks = self.violations = 0
        self.sabotaged = None
        self.failures = []

    def produce(self, count):
        self.enqueued += self.queue.produce(count, first=self.jobs)
        self.jobs += count

    def explain(self, jobs, worker, until):
        for job in jobs:
            self.explained[job, worker] = max(until, self.explained.get((job, worker), 0))

    def running(self):
        """- Returns: the indexes of workers that do not stand still."""
        return [index for index in range(len(self.workers)) if index not in self.frozen]

    # Faults; each returns whether there was anything in flight that it could hurt.

    def kill(self):
        index = self.random.choice(self.running())
        worker = self.workers[index]
        worker.freeze()
        when, leased = self.queue.kill_holding(worker)
        self.explain(leased, worker.number, when)
        self.workers[index] = self.queue.worker()
        return len(leased) > 0

    def freeze(self):
        if len(self.running()) == 1:
            return False
        index = self.random.choice(self.running())
        worker, leased = self.workers[index], set()
        worker.freeze()
        # What it had sent before, the server may answer a little later, also by leases that it finds when it goes on.
        for _ in range(3):
            leased |= self.queue.leased()
            time.sleep(0.1)
        self.explain(leased, worker.number, sys.maxsize)
        self.frozen[index] = time.monotonic() + self.options.lease + 2
        return len(leased) > 0

    def cut(self):
        return self.queue.in_flight() > 0 and self.redis.cut() > 0

    def restart(self):
        leased = self.queue.leased()
        start = time.monotonic()
        self.redis.stop()
        self.redis.start()
        away = time.monotonic() - start
        self.away = max(self.away, away)
        if away > self.options.lease * 2 / 3 - 1:
            for worker in self.workers:
                self.explain(leased, worker.number, sys.maxsize)
        return len(leased) > 0

    def hurt(self):
        """What is due comes first; then anything but a restart, of which one must do."""
        kind = self.due[0] if self.due else self.random.choice(["killed", "killed", "frozen", "cut"])
        if not self.kinds[kind]():
            return
        self.faults[kind] += 1
        if kind in self.due:
            self.due.remove(kind)

    def thaw(self):
        for index, until in list(self.frozen.items()):
            if time.monotonic() > until:
                self.workers[index].thaw()
                del self.frozen[index]

    def lengthen(self):
        """No fault that is due shall meet an empty queue."""
        if not self.due or self.queue.left() >= self.options.batch:
            return
        if self.jobs > self.options.jobs + 20 * self.options.batch:
            raise queue_stand.Failure(f"jobs end before they can be hurt; not {' or '.join(self.due)} yet")
        self.produce(self.options.batch)

    def look(self):
        """Checks the queue as it is, in the middle of everything."""
        in_flight = self.queue.in_flight() > 0
        self.violations += self.queue.violations()
        self.checks += in_flight

    def sabotage(self):
        """Loses a job without a trace, as a bug would: even its bytes are taken off, so that `check` finds nothing wrong."""
        for member in self.queue.leases():
            number = queue_stand.NUMBER.search(member)
            if number and self.redis.ask("ZREM", self.queue.key("l"), member) == 1:
                self.redis.ask("SREM", self.queue.key("ids:"), b"b" + number.group(1))
                self.redis.ask("HINCRBY", self.queue.key("c"), "jobs", -1)
                self.redis.ask("HINCRBY", self.queue.key("c"), "bytes", -len(member.split(b"|", 7)[7]))
                self.sabotaged = number.group(1).decode()
                return

    def round(self, done):
        self.thaw()
        self.look()
        self.lengthen()
        if self.due or done < self.jobs * 0.95:
            self.hurt()
        if self.options.sabotage and self.sabotaged is None:
            self.sabotage()
        time.sleep(self.options.seconds_between)

    def drain(self):
        """Until nothing is left, whatever was acknowledged: a job that is lost must not be waited for, nor one left over overlooked."""
        self.workers = [self.queue.worker() for _ in range(self.options.workers)]
        self.queue.await_served()
        limit = (4 * self.options.lease + 20) * queue_stand.PATIENCE
        stood, since = None, time.monotonic()
        while left := self.queue.left():
            done = self.queue.done()
            if (done, left) != stood:
                stood, since = (done, left), time.monotonic()
            elif time.monotonic() - since > limit:
                raise queue_stand.Failure(f"{left} jobs are left, and none was done for {limit} s")
            self.round(done)

    def end(self):
        """Who stands still goes on no earlier than it must, and may then try what it had in hand."""
        queue_stand.until("all frozen workers go on", lambda: self.thaw() or not self.frozen, self.options.lease + 10, every=0.1)
        time.sleep(1)
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()

    def perform(self):
        self.produce(self.options.jobs)
        started = time.monotonic()
        try:
            self.drain()
            self.drained = time.monotonic() - started
            self.end()
        except queue_stand.Failure as failure:
            self.failures.append(str(failure))
            # Said at once: without a server there are no numbers to follow.
            print(f"failed: {failure}", flush=True)
        for worker in self.workers:
            worker.kill()

    def lost(self, records):
        """- Returns: the numbers of the jobs that are known to be lost, and whatever else is left in the queue."""
        lost = {int(id[1:]) if id[1:].isdigit() else id for id in self.queue.left_ids()}
        ran = records.runs.keys() & records.ended if self.options.milliseconds else records.runs.keys()
        return lost | (set(range(self.jobs)) - ran)

    def count(self):
        """- Returns: the four numbers, and how many runs beyond one per job there were."""
        records = Records(self.queue)
        lost, done = len(self.lost(records)), self.queue.done()
        duplicates, outside = records.duplicates(self.explained)
        return {"lost": max(lost, self.jobs - done), "acknowledged twice": max(0, done + lost - self.jobs),
                "duplicates outside": outside, "check": self.violations + self.queue.violations()}, duplicates

    def missing(self):
        """- Returns: what a run must contain to prove anything, and this one did not."""
        missing = [f"no worker was {kind} while jobs were in flight" if kind in ("killed", "frozen") else f"nothing was {kind} while jobs were in flight"
                   for kind in self.due]
        if self.checks == 0:
            missing.append("no check was made while jobs were in flight")
        if self.options.sabotage and self.sabotaged is None:
            missing.append("no job was in flight to sabotage")
        return missing


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ci", action="store_true", help="100,000 jobs of 20 ms")
    parser.add_argument("--sabotage", action="store_true", help="loses a job on purpose; must fail")
    parser.add_argument("--jobs", type=int, help="at least so many; more where faults need them")
    parser.add_argument("--workers", type=int, default=3, help="at least 2")
    parser.add_argument("--lease", type=int, choices=[5, 15], default=15, help="seconds; 15 is the default of workers")
    parser.add_argument("--job", help="noop, or sleep and milliseconds")
    parser.add_argument("--seconds-between", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.workers < 2:
        parser.error("--workers is at least 2: one goes on while another stands still")
    given.job = given.job or ("sleep20" if given.ci else "noop")
    given.milliseconds = int(given.job.removeprefix("sleep")) if given.job.startswith("sleep") else 0
    # What two seconds take.
    given.batch = 2 * min(FASTEST, given.workers * CONCURRENCY * 1000 // max(1, given.milliseconds))
    given.jobs = max(given.jobs or (100_000 if given.ci else 1_000_000), given.batch)
    return given


def main():
    given = options()
    run = Run(given)
    run.perform()
    numbers, duplicates = run.count()
    print(f"{run.jobs} jobs ({given.job}), leases of {given.lease} s, {given.workers} workers at a time, {run.queue.started} in all; "
          + ", ".join(f"{count} {what}" for what, count in sorted(run.faults.items()))
          + f"; enqueued in {run.enqueued:.0f} s, done in {run.drained:.0f} s, Redis away for {run.away:.1f} s; "
          + f"{run.checks} checks with jobs in flight")
    if run.sabotaged:
        print(f"sabotaged: job {run.sabotaged} was taken out of Redis")
    print(f"{duplicates} jobs ran again" + (" that were in flight at a kill or freeze" if numbers["duplicates outside"] == 0 else ""))
    for name, number in numbers.items():
        print(f"{name} {number}")
    missing = run.missing()
    for sentence in missing:
        print(f"failed: {sentence}")
    return 1 if any(numbers.values()) or missing or run.failures else 0


if __name__ == "__main__":
    queue_stand.program(main)
