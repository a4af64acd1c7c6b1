#!/usr/bin/env python3
"""Runs jobs through a queue while its workers and its Redis are being hurt, and counts what became of them.

    queue_faults.py [--jobs 1000000] [--workers 3] [--lease 15] [--seconds-between 1.5] [--seed 1]
    queue_faults.py --ci        100,000 jobs of 20 ms: under a minute

Everything is private: a redis-server (AOF everysec) on a free loopback port and a temporary folder. Faults, at random: a worker is
killed (SIGKILL) and replaced, a worker is frozen for longer than a lease and goes on (SIGSTOP, SIGCONT), all connections are cut,
and once, half way, Redis is stopped cleanly and started again. Prints four numbers:

    lost                        jobs that never ran, or that are left in the queue or dead
    acknowledged twice          acknowledgements that Redis counted, beyond one per job
    duplicates outside          runs beyond one per job that no kill and no freeze explains
    check                       violations that `sluice check` reports

Exit status 0 when all four are 0. Which runs are explained is exact: a run of job J by worker W, where W was killed or frozen while
J was in the index of leases, and W had started J by then (kill), or started it at any time (freeze: W goes on with what it had
claimed). The index is read while W stands still, so a job that was acknowledged before the fault is not excused, nor is any job of
another worker. All but one run of each job must be explained. A cut connection explains nothing: acknowledgements are repeated while
the lease lasts. The restart explains the jobs in flight just before it only if Redis was away for longer than leases last without
renewal, two thirds of their length.
"""

import argparse
import collections
import random
import sys
import time

import queue_stand


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        folder = queue_stand.folder()
        self.redis = queue_stand.Redis(folder)
        more = {"BENCH_FAST_RECOVERY": "1"} if options.lease == 5 else {}
        self.queue = queue_stand.Queue(self.redis, folder, BENCH_JOB=options.job, **more)
        self.workers = []
        self.frozen = {}
        # What faults explain: (job, worker) -> until when the run may have started.
        self.explained = {}
        self.faults = collections.Counter()
        self.away = 0

    def explain(self, jobs, worker, until):
        for job in jobs:
            self.explained[job, worker] = max(until, self.explained.get((job, worker), 0))

    def hurt(self):
        kind = self.random.choice(["killed", "killed", "frozen", "cut"])
        index = self.random.randrange(len(self.workers))
        worker = self.workers[index]
        if index in self.frozen or kind == "frozen" and len(self.frozen) == len(self.workers) - 1:
            return
        self.faults[kind] += 1
        if kind == "cut":
            return self.redis.cut()
        worker.freeze()
        if kind == "killed":
            self.explain(self.queue.leased(), worker.number, time.monotonic_ns())
            worker.kill()
            self.workers[index] = self.queue.worker()
        else:
            # What it had sent before, the server may answer a little later.
            for _ in range(3):
                self.explain(self.queue.leased(), worker.number, sys.maxsize)
                time.sleep(0.1)
            self.frozen[index] = time.monotonic() + self.options.lease + 2

    def thaw(self, everything=False):
        for index, until in list(self.frozen.items()):
            if everything or time.monotonic() > until:
                self.workers[index].thaw()
                del self.frozen[index]

    def restart(self):
        self.faults["restarted"] += 1
        leased = self.queue.leased()
        start = time.monotonic()
        self.redis.stop()
        self.redis.start()
        self.away = time.monotonic() - start
        if self.away > self.options.lease * 2 / 3 - 1:
            for worker in self.workers:
                self.explain(leased, worker.number, sys.maxsize)

    def drain(self):
        self.workers = [self.queue.worker() for _ in range(self.options.workers)]
        jobs, restarted, last, changed = self.options.jobs, False, -1, time.monotonic()
        while (done := self.queue.done()) < jobs:
            if done != last:
                last, changed = done, time.monotonic()
            elif time.monotonic() - changed > 4 * self.options.lease + 20:
                break
            if not restarted and done > jobs / 2:
                restarted = True
                self.restart()
            self.thaw()
            if done < jobs * 0.95:
                self.hurt()
            time.sleep(self.options.seconds_between)
        self.thaw(everything=True)
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()

    def count(self):
        jobs = self.options.jobs
        first, repeated = {}, collections.defaultdict(list)
        for number, worker, kind, at in self.queue.runs():
            if kind != 0:
                continue
            if number in first:
                repeated[number].append((worker, at))
            else:
                first[number] = (worker, at)
        duplicates = outside = 0
        for number, more in repeated.items():
            runs = [first[number], *more]
            excused = sum(at <= self.explained.get((number, worker), -1) for worker, at in runs)
            duplicates += len(more)
            outside += max(0, len(more) - excused)
        left = self.queue.left()
        return {"lost": jobs - len(first) + left, "acknowledged twice": max(0, self.queue.done() + left - jobs),
                "duplicates outside": outside, "check": self.queue.violations()}, duplicates


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ci", action="store_true", help="100,000 jobs of 20 ms")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--lease", type=int, choices=[5, 15], help="seconds; 15 is the default of workers")
    parser.add_argument("--job", help="noop, or sleep and milliseconds")
    parser.add_argument("--seconds-between", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.jobs = given.jobs or (100_000 if given.ci else 1_000_000)
    given.lease = given.lease or 15
    given.job = given.job or ("sleep20" if given.ci else "noop")
    return given


def main():
    given = options()
    run = Run(given)
    enqueued = run.queue.produce(given.jobs)
    started = time.monotonic()
    run.drain()
    drained = time.monotonic() - started
    numbers, duplicates = run.count()
    print(f"{given.jobs} jobs ({given.job}), leases of {given.lease} s, {given.workers} workers at a time, {run.queue.started} in all; "
          + ", ".join(f"{count} {what}" for what, count in sorted(run.faults.items()))
          + f"; enqueued in {enqueued:.0f} s, done in {drained:.0f} s, Redis away for {run.away:.1f} s")
    print(f"{duplicates} jobs ran again that were in flight at a kill or freeze" if numbers["duplicates outside"] == 0 else
          f"{duplicates} jobs ran again")
    for name, number in numbers.items():
        print(f"{name} {number}")
    return 0 if not any(numbers.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
