#!/usr/bin/env python3
"""What the queue costs Redis: idling, the longest script, memory, and whether any of it grows with what waits.

    queue_costs.py [--only idle,memory,scripts,growth] [--idle-seconds 60] [--jobs 300000] [--rounds 5]
                   [--waiting 1000000]

Everything is private: a redis-server on a free loopback port, with AOF everysec but for memory, where it changes nothing. Rates and the
longest script need a quiet machine; how much of it others used meanwhile stands in the last line.

    idle      commands per second of a worker with nothing to do, sent by it, and run inside its scripts: at most 0.5 sent
    memory    bytes of Redis per waiting job beyond its payload, with ids of 36 characters: at most 200
    scripts   the longest scripts of a bulk enqueue and a drain at batch 256, from SLOWLOG: the longest of the median round under 3 ms
    growth    drain rate over 10,000 jobs with 10,000 and with 1,000,000 waiting, in turns: at most 10 % less; and Redis's own time per job

Exit status 0 when all of these are kept, and nothing took too long or was refused. What is missed is marked; the other parts go on.
"""

import argparse
import contextlib
import hashlib
import os
import re
import time

import queue_stand

ROOT = queue_stand.HERE.parent.parent
SCRIPTS = ROOT / "Sources/Jobs/Queue/Scripts"
WINDOW = 10_000
BURSTS = 15
# What a worker sends by itself; all else is run by its scripts.
SENT = ("evalsha", "blpop", "zadd", "zremrangebyscore", "time", "ping", "rpush")
# While the AOF is rewritten each page that a script touches is copied first, and the child takes a processor: that is a cost of the
# rewrite, which comes whenever the file has doubled, not of what is measured.
NO_REWRITE = ("--auto-aof-rewrite-percentage", "0")


def digests():
    """Script name by its SHA-1, with whatever the program puts before the source."""
    lanes, entries = ((SCRIPTS / name).read_text() for name in ("lanes.lua", "entries.lua"))
    flags = ["#!lua\n", "#!lua flags=allow-oom\n", "#!lua flags=no-writes\n"]
    heads = [flag + parts for flag in flags for parts in (lanes, lanes + entries)]
    return {hashlib.sha1((head + path.read_text()).encode()).hexdigest(): path.stem for path in SCRIPTS.glob("*.lua") for head in heads}


def say(what, figure, more=""):
    print(f"{what:<66}{figure:>22}  {more}", flush=True)


def judge(what, figure, kept, aim):
    """- Returns: whether it is as asked, having said so."""
    say(what, figure, aim if kept else f"{aim}: MISSED")
    return kept


def busy():
    """Seconds of all processors that were not idle."""
    with open("/proc/stat") as lines:
        ticks = [int(word) for word in lines.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def calls(redis):
    """- Returns: how often each command was run since the figures were reset, but those that this program sends."""
    counts = {name.removeprefix("cmdstat_"): int(re.search(r"calls=(\d+)", value).group(1))
              for name, value in redis.info("commandstats").items() if name.startswith("cmdstat_")}
    return {name: count for name, count in counts.items() if name not in ("config|resetstat", "info")}


def idle(options):
    folder, seconds = queue_stand.folder(), options.idle_seconds
    with queue_stand.Redis(folder) as redis:
        queue = queue_stand.Queue(redis, folder)
        queue.produce(10)
        with queue.worker():
            queue.await_done(10)
            # The gauges follow once within five seconds of the last job.
            time.sleep(7)
            redis.ask("CONFIG", "RESETSTAT")
            time.sleep(seconds)
            counts = calls(redis)
    sent = {name: count for name, count in counts.items() if name in SENT}
    inside = {name: count for name, count in counts.items() if name not in SENT}
    rate = sum(sent.values()) / seconds
    kept = judge("idle worker, commands sent per second", f"{rate:.2f}", 0 < rate <= 0.5, "at most 0.5, and not none")
    say("  " + ", ".join(f"{name} {count}" for name, count in sorted(sent.items())), "")
    say("  with those inside scripts", f"{sum(counts.values()) / seconds:.2f}")
    say("  " + ", ".join(f"{name} {count}" for name, count in sorted(inside.items())), "")
    return kept


def memory(options):
    folder, count = queue_stand.folder(), 200_000
    with queue_stand.Redis(folder, "--appendonly", "no") as redis:
        queue = queue_stand.Queue(redis, folder, BENCH_ID="uuid")
        queue.produce(1000)
        before = int(redis.info("memory")["used_memory"])
        queue.produce(count, first=100_000)
        each = (int(redis.info("memory")["used_memory"]) - before) / count - 6
        parts = {name: sum(redis.ask("MEMORY", "USAGE", key, "SAMPLES", 0) for key in keys) / (count + 1000)
                 for name, keys in (("sets of ids", queue.id_sets()), ("r:0:", [queue.key("r:0:")]))}
        complete = queue.left() == count + 1000
    kept = judge(f"memory per waiting job beyond its payload of 6 bytes, {count} jobs", f"{each:.0f} bytes", complete and each <= 200,
                 "at most 200")
    for name, used in parts.items():
        say(f"  of that in {name}", f"{used:.0f} bytes")
    return kept


def scripts(options):
    """What holds a script up once is the machine, what is slow by itself is slow in every round: the median of the rounds' longest counts."""
    rounds, interrupted = zip(*(slow_scripts(options.jobs) for _ in range(options.rounds)))
    names = sorted(set().union(*rounds))
    say(f"longest script, in {options.rounds} rounds", "median round", "counts; the quietest and the worst are beside it")
    kept = [judge_script(name, [times.get(name, [0]) for times in rounds]) for name in names]
    say("  times that others took the processor from Redis, a round", f"{sum(interrupted) / len(interrupted):.0f}",
        "each lets the script of that moment look some ms longer")
    # Whoever times nothing finds nothing slow.
    timed = judge("  scripts that were timed", str(len(names)), {"cycle", "enqueue"} <= set(names),
                  "cycle and enqueue among them, by the digests of these sources")
    return all(kept) and timed


def judge_script(name, rounds):
    longest = [max(times) / 1000 for times in rounds]
    every = [time for times in rounds for time in times]
    median = queue_stand.percentile(longest, 50)
    over = sum(time > 3000 for time in every)
    return judge(f"  {name}", f"{median:.2f} ms", median < 3,
                 f"quietest {min(longest):.2f}, worst {max(longest):.2f}; {over} of {len(every)} took over 3 ms, "
                 f"p99 {queue_stand.percentile(every, 99) / 1000:.2f}; median under 3 ms")


def slow_scripts(jobs):
    """- Returns: by script the microseconds of each call of at least 0.2 ms in a bulk enqueue and a drain; how often Redis was interrupted."""
    folder = queue_stand.folder()
    with queue_stand.Redis(folder, "--slowlog-log-slower-than", "200", "--slowlog-max-len", "200000", *NO_REWRITE) as redis:
        prefer(redis.process.pid)
        queue = queue_stand.Queue(redis, folder, BENCH_CONC="256")
        queue.produce(jobs)
        with queue.worker():
            queue.await_done(jobs, seconds=300, every=0.1)
            slow = redis.ask("SLOWLOG", "GET", -1)
        with open(f"/proc/{redis.process.pid}/status") as lines:
            interrupted = next(int(line.split()[1]) for line in lines if line.startswith("nonvoluntary_ctxt_switches"))
    names, times = digests(), {}
    for entry in slow:
        words = [word.decode("latin-1") for word in entry[3][:2]]
        # Commands inside scripts are in the log too; the script's time includes theirs.
        if words[0].upper() == "EVALSHA":
            times.setdefault(names.get(words[1], "unknown script"), []).append(entry[2])
    return times, interrupted


def prefer(pid):
    """Gives the server the processor before others, where that is allowed."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -20)
    except PermissionError:
        pass


def rate(records):
    return (len(records) - 1) / ((records[-1] - records[0]) / 1e9)


class Growth:
    """Drains a paused queue by a worker that is there already, in short bursts, so that the bursts of two queues can take turns."""

    def __init__(self, redis, folder):
        self.redis = redis
        self.queue = queue_stand.Queue(redis, folder, BENCH_ID="uuid", BENCH_CONC="256")
        self.first = 0
        redis.ask("CONFIG", "SET", "slowlog-log-slower-than", -1)

    def fill(self, waiting):
        self.queue.order("queue", "pause", self.queue.name)
        self.queue.produce(waiting - self.queue.left(), first=self.first)
        self.first += waiting

    def burst(self, waiting):
        """- Returns: jobs per second of the second 10,000 starts, the worker having got into its stride, and Redis's microseconds per job."""
        queue = self.queue
        self.fill(waiting)
        # What the enqueues left for the kernel to write is not the drain's cost.
        os.sync()
        size, done = queue.log.stat().st_size, queue.done()
        self.redis.ask("CONFIG", "RESETSTAT")
        queue.order("queue", "resume", queue.name)
        queue.await_done(done + 2 * WINDOW, every=0.01)
        spent = int(re.search(r"usec=(\d+)", self.redis.info("commandstats")["cmdstat_evalsha"]).group(1)) / (queue.done() - done)
        queue.order("queue", "pause", queue.name)
        starts = sorted(at for _, _, kind, at in list(queue.runs())[size // 16:] if kind == 0)
        return rate(starts[WINDOW:2 * WINDOW]), spent


def growth(options):
    """Short bursts of two queues in turns, so that only what waits differs: not the hour, not how long the disk has been written to."""
    with contextlib.ExitStack() as stand:
        small, large = (stand.enter_context(growing()) for _ in range(2))
        large.fill(options.waiting)
        pairs = [(small.burst(2 * WINDOW), large.burst(options.waiting)) for _ in range(BURSTS)]
    ratio = queue_stand.percentile([of_large[0] / of_small[0] for of_small, of_large in pairs], 50)
    say("drain rate with 10,000 waiting", f"{middle(pairs, 0, 0):,.0f} jobs/s")
    kept = judge(f"drain rate with {options.waiting:,} waiting", f"{middle(pairs, 1, 0):,.0f} jobs/s", ratio >= 0.9,
                 f"{ratio:.2f} of it, the median of {BURSTS} pairs; at least 0.90")
    say("Redis's time per job in scripts, 10,000 waiting", f"{middle(pairs, 0, 1):.2f} µs")
    say(f"Redis's time per job in scripts, {options.waiting:,} waiting", f"{middle(pairs, 1, 1):.2f} µs",
        f"{middle(pairs, 1, 1) / middle(pairs, 0, 1):.2f} of it")
    return kept


def middle(pairs, queue, figure):
    return queue_stand.percentile([pair[queue][figure] for pair in pairs], 50)


@contextlib.contextmanager
def growing():
    """A queue on a server of its own, with a worker that has warmed up."""
    folder = queue_stand.folder()
    with queue_stand.Redis(folder, *NO_REWRITE) as redis:
        measured = Growth(redis, folder)
        with measured.queue.worker():
            measured.queue.await_served()
            measured.burst(2 * WINDOW)
            yield measured


def passes(part, options):
    """- Returns: whether a part kept its limits; that it came to no end does not keep the others from being measured."""
    try:
        return part(options)
    except queue_stand.Failure as failure:
        return judge(f"{part.__name__} came to no end", "", False, str(failure))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"idle": idle, "memory": memory, "scripts": scripts, "growth": growth}
    parser.add_argument("--only", default=",".join(parts))
    parser.add_argument("--idle-seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiting", type=int, default=1_000_000)
    options = parser.parse_args()
    wanted = options.only.split(",")
    if not set(wanted) <= set(parts):
        parser.error(f"--only takes {', '.join(parts)}")
    if options.waiting < 10 * WINDOW:
        parser.error(f"--waiting is at least {10 * WINDOW}")
    began, used = time.monotonic(), busy()
    kept = {name: passes(parts[name], options) for name in wanted}
    seconds = time.monotonic() - began
    print(f"processors used: {(busy() - used) / seconds:.1f} of {os.cpu_count()}, by all programs of this machine", flush=True)
    missed = [name for name in wanted if not kept[name]]
    print(f"missed: {', '.join(missed)}" if missed else "all kept", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    queue_stand.program(main)
