#!/usr/bin/env python3
"""How soon the jobs of a lost worker run again, and how soon one that is told to stop hands its jobs back.

    queue_kills.py [--kills 50] [--stops 30] [--beside 10]

SIGKILL: in each of several queues two workers run jobs of 100 ms; one of them is killed at a random moment, and replaced as an
operator's supervisor would. What counts is the time from the kill to the next start of each job that the killed worker had started
and not acknowledged, the slowest of a kill being the kill's. Once with the default timers (leases of 15 s), once with those of a lane for
mail (5 s). SIGTERM: a worker runs jobs that take far longer than its drain deadline of 1 s; what counts is the time from the
deadline to the moment when its leases are gone and the jobs ready. Everything is private: Redis on a free loopback port, AOF everysec.

Exit status 0 when p99 of the kills is at most 16 s and 7 s, each of these jobs ran again, nine in ten kills hit one, and the longest
hand-back is at most 100 ms after the deadline, without a job lost.
"""

import argparse
import random
import time

import queue_stand

DRAIN = 1.0


class Lane:
    """A queue with two workers, of which one is killed again and again."""

    def __init__(self, redis, folder, name, kills, fast, chance):
        self.queue = queue_stand.Queue(redis, folder, name, BENCH_JOB="sleep100", BENCH_CONC="4",
                                       **({"BENCH_FAST_RECOVERY": "1"} if fast else {}))
        self.kills = kills
        self.chance = chance
        self.lost = []
        self.killed = []
        self.due = 0
        # Enough for the time that all kills take: 80 jobs a second.
        self.lease = 5 if fast else 15
        self.queue.produce(80 * (self.lease + 6) * (kills + 1))
        self.workers = [self.queue.worker(), self.queue.worker()]
        self.plan(3)

    def plan(self, seconds):
        """The moment within an interval between renewals is left to chance."""
        self.due = time.monotonic() + seconds + self.chance.random() * self.lease / 3

    def step(self):
        """- Returns: whether all kills are done and their jobs had their time."""
        if time.monotonic() < self.due:
            return False
        if len(self.killed) == self.kills:
            return True
        self.chance.shuffle(self.workers)
        victim = self.workers.pop()
        victim.freeze()
        self.killed.append((victim.number, *self.queue.kill_holding(victim)))
        self.workers.append(self.queue.worker())
        self.plan(self.lease + 3)
        return False

    def end(self):
        """- Returns: for each kill the seconds until each of its jobs ran again, and how many never did."""
        for worker in self.workers:
            worker.kill()
        starts = {}
        for number, worker, kind, at in self.queue.runs():
            if kind == 0:
                starts.setdefault(number, []).append((at, worker))
        times, never = [], 0
        for victim, when, leased in self.killed:
            again = []
            for number in leased:
                runs = sorted(starts.get(number, []))
                if not any(worker == victim and at <= when for at, worker in runs):
                    continue
                after = [at for at, _ in runs if at > when]
                if after:
                    again.append((after[0] - when) / 1e9)
                else:
                    never += 1
            if again:
                times.append(again)
        return times, never


def judge(ended, fast, options):
    """Prints what became of the kills of one length of lease.

    - Returns: whether it is as asked.
    """
    limit = 7 if fast else 16
    times = [again for some, _ in ended for again in some]
    never = sum(missing for _, missing in ended)
    worst = [max(again) for again in times]
    enough = len(worst) >= options.kills * 0.9
    p99 = queue_stand.percentile(worst, 99) if worst else float("inf")
    print(f"SIGKILL to re-run, leases of {5 if fast else 15:>2} s   {len(worst):>4} kills {sum(map(len, times)):>5} jobs   "
          f"p50 {queue_stand.percentile(worst or [p99], 50):6.2f} s   p99 {p99:6.2f} s   longest {max(worst, default=p99):6.2f} s   "
          f"not run again {never}   (p99 at most {limit} s)" + ("" if enough else "   failed: too few kills hit a job"), flush=True)
    return p99 <= limit and never == 0 and enough


def kills(redis, folder, options):
    chance = random.Random(options.seed)
    each = -(-options.kills // options.beside)
    lanes = {fast: [Lane(redis, folder, f"{'mail' if fast else 'default'}{index}", each, fast, chance) for index in range(options.beside)]
             for fast in (False, True)}
    open_lanes = [lane for some in lanes.values() for lane in some]
    while open_lanes:
        open_lanes = [lane for lane in open_lanes if not lane.step()]
        time.sleep(0.02)
    return all([judge([lane.end() for lane in lanes[fast]], fast, options) for fast in (False, True)])


def started(queue, worker):
    return sum(kind == 0 and by == worker.number for _, by, kind, _ in queue.runs())


def stop(queue):
    """- Returns: seconds from the drain deadline to the last lease given up."""
    with queue.worker() as worker:
        # Not only in flight: what it has claimed but not started, a worker rightly hands back at once.
        queue_stand.until("the worker starts its jobs", lambda: started(queue, worker) == 8, every=0.005)
        # Before the signal: on a busy machine this program may stand still right after it, and the worker would seem early.
        deadline = time.monotonic() + DRAIN
        worker.terminate()
        time.sleep(DRAIN - 0.05)
        queue_stand.until("the worker hands its jobs back", lambda: queue.in_flight() == 0, seconds=10, every=0.0005)
        seconds = time.monotonic() - deadline
        worker.wait()
    return seconds


def stops(redis, folder, options):
    queue = queue_stand.Queue(redis, folder, "stops", BENCH_JOB="sleep600000", BENCH_CONC="8", BENCH_DRAIN=str(int(DRAIN * 1000)))
    queue.produce(8)
    times = [stop(queue) for _ in range(options.stops)]
    ready = queue.left() - queue.in_flight()
    worst, early = max(times), min(times) < -0.02
    print(f"SIGTERM to hand-back, beyond the deadline {len(times):>4} stops {8 * len(times):>5} jobs   "
          f"p50 {queue_stand.percentile(times, 50) * 1e3:6.1f} ms  p99 {queue_stand.percentile(times, 99) * 1e3:6.1f} ms  "
          f"longest {worst * 1e3:6.1f} ms   lost {8 - ready}   (at most 100 ms)"
          + (f"   failed: {min(times) * 1e3:.1f} ms is before the deadline" if early else ""), flush=True)
    return worst <= 0.1 and ready == 8 and not early


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="of each length of lease")
    parser.add_argument("--stops", type=int, default=30)
    parser.add_argument("--beside", type=int, default=10, help="queues of each length of lease, side by side")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = queue_stand.folder()
    redis = queue_stand.Redis(folder)
    handed_back = stops(redis, folder, options)
    rerun = kills(redis, folder, options)
    return 0 if handed_back and rerun else 1


if __name__ == "__main__":
    queue_stand.program(main)
