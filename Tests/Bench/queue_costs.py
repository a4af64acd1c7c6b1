#!/usr/bin/env python3
"""What the queue costs Redis: idling, the longest script, memory, and whether any of it grows with what waits.

    queue_costs.py [--only idle,memory,scripts,growth] [--idle-seconds 60] [--jobs 300000] [--rounds 5]
                   [--waiting 1000000]

Everything is private: a redis-server on a free loopback port (AOF everysec). Rates and the longest script need a quiet machine; how much
of it others used meanwhile stands in the last line.

    idle      commands per second of a worker with nothing to do, sent by it, and run inside its scripts
    memory    bytes of Redis per waiting job beyond its payload, with ids of 36 characters
    scripts   the longest scripts of a bulk enqueue and a drain at batch 256, from SLOWLOG
    growth    drain rate over 10,000 jobs with 10,000 and with 1,000,000 waiting, and Redis's own time per job in both
"""

import argparse
import hashlib
import os
import re
import sys
import time

import queue_stand

ROOT = queue_stand.HERE.parent.parent
SCRIPTS = ROOT / "Sources/Jobs/Queue/Scripts"
WINDOW = 10_000
# While the AOF is rewritten each page that a script touches is copied first, and the child takes a processor: that is a cost of the
# rewrite, which comes whenever the file has doubled, not of what is measured.
NO_REWRITE = ("--auto-aof-rewrite-percentage", "0")


def digests():
    """Script name by its SHA-1, with whatever the program puts before the source."""
    lanes, entries = ((SCRIPTS / name).read_text() for name in ("lanes.lua", "entries.lua"))
    flags = ["", "#!lua flags=allow-oom\n", "#!lua flags=no-writes\n"]
    heads = [flag + parts for flag in flags for parts in (lanes, lanes + entries)]
    return {hashlib.sha1((head + path.read_text()).encode()).hexdigest(): path.stem for path in SCRIPTS.glob("*.lua") for head in heads}


def say(what, figure, aim=""):
    print(f"{what:<66}{figure:>22}  {aim}", flush=True)


def busy():
    """Seconds of all processors that were not idle."""
    with open("/proc/stat") as lines:
        ticks = [int(word) for word in lines.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def idle(options):
    folder = queue_stand.folder()
    redis = queue_stand.Redis(folder)
    queue = queue_stand.Queue(redis, folder)
    queue.produce(10)
    worker = queue.worker()
    queue_stand.until(lambda: queue.done() == 10)
    # The gauges follow once within five seconds of the last job.
    time.sleep(7)
    redis.ask("CONFIG", "RESETSTAT")
    time.sleep(options.idle_seconds)
    calls = {name.removeprefix("cmdstat_"): int(re.search(r"calls=(\d+)", value).group(1))
             for name, value in redis.info("commandstats").items() if name.startswith("cmdstat_")}
    worker.kill()
    for own in ("config|resetstat", "info"):
        calls.pop(own, None)
    sent = {name: count for name, count in calls.items() if name in ("evalsha", "blpop", "zadd", "zremrangebyscore", "time", "ping", "rpush")}
    inside = {name: count for name, count in calls.items() if name not in sent}
    seconds = options.idle_seconds
    say("idle worker, commands sent per second", f"{sum(sent.values()) / seconds:.2f}", "at most 0.5")
    say("  " + ", ".join(f"{name} {count}" for name, count in sorted(sent.items())), "")
    say("  with those inside scripts", f"{sum(calls.values()) / seconds:.2f}", "at most 0.5")
    say("  " + ", ".join(f"{name} {count}" for name, count in sorted(inside.items())), "")


def memory(options):
    folder = queue_stand.folder()
    redis = queue_stand.Redis(folder, "--appendonly", "no")
    queue = queue_stand.Queue(redis, folder, BENCH_ID="uuid")
    queue.produce(1000)
    before = int(redis.info("memory")["used_memory"])
    count = 200_000
    queue.produce(count, first=100_000)
    after = int(redis.info("memory")["used_memory"])
    say(f"memory per waiting job beyond its payload of 6 bytes, {count} jobs", f"{(after - before) / count - 6:.0f} bytes", "at most 200")
    for name in ("ids", "r:0:"):
        used = redis.ask("MEMORY", "USAGE", queue.key(name), "SAMPLES", 0)
        say(f"  of that in {name}", f"{used / (count + 1000):.0f} bytes")


def scripts(options):
    """What holds a script up once is the machine; what is slow by itself is slow in every round."""
    rounds, interrupted = zip(*(slow_scripts(options.jobs) for _ in range(options.rounds)))
    for name in sorted(set.union(*(set(times) for times in rounds))):
        longest = [max(times.get(name, [0])) / 1000 for times in rounds]
        all_times = [time for times in rounds for time in times.get(name, [])]
        over = sum(time > 3000 for time in all_times)
        say(f"longest {name}, in the quietest of {options.rounds} rounds", f"{min(longest):.2f} ms",
            f"under 3 ms; {over} of {len(all_times)} took longer, p99 {queue_stand.percentile(all_times, 99) / 1000:.2f} ms")
    say("  times that others took the processor from Redis, a round", f"{sum(interrupted) / len(interrupted):.0f}",
        "each lets the script of that moment look some ms longer")


def slow_scripts(jobs):
    """- Returns: by script the microseconds of each call of at least 0.2 ms in a bulk enqueue and a drain; how often Redis was interrupted."""
    folder = queue_stand.folder()
    redis = queue_stand.Redis(folder, "--slowlog-log-slower-than", "200", "--slowlog-max-len", "200000", *NO_REWRITE)
    prefer(redis.process.pid)
    queue = queue_stand.Queue(redis, folder, BENCH_CONC="256")
    queue.produce(jobs)
    worker = queue.worker()
    queue_stand.until(lambda: queue.done() == jobs, seconds=300, every=0.1)
    slow = redis.ask("SLOWLOG", "GET", -1)
    with open(f"/proc/{redis.process.pid}/status") as lines:
        interrupted = next(int(line.split()[1]) for line in lines if line.startswith("nonvoluntary_ctxt_switches"))
    worker.kill()
    redis.kill()
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
    """Drains a paused queue that is filled beforehand, by a worker that is there already."""

    def __init__(self):
        folder = queue_stand.folder()
        self.redis = queue_stand.Redis(folder, *NO_REWRITE)
        self.queue = queue_stand.Queue(self.redis, folder, BENCH_CONC="256")
        self.worker = self.queue.worker()
        self.first = 0
        self.redis.ask("CONFIG", "SET", "slowlog-log-slower-than", -1)
        self.drain(WINDOW)

    def drain(self, waiting, enough=None):
        """- Returns: jobs per second of each window of 10,000 starts, and Redis's microseconds per job."""
        queue = self.queue
        queue.sluice("queue", "pause", queue.name)
        queue.produce(waiting, first=self.first)
        self.first += waiting
        size, done = queue.log.stat().st_size, queue.done()
        self.redis.ask("CONFIG", "RESETSTAT")
        queue.sluice("queue", "resume", queue.name)
        queue_stand.until(lambda: queue.done() - done >= (enough or waiting), seconds=300, every=0.05)
        spent = int(re.search(r"usec=(\d+)", self.redis.info("commandstats")["cmdstat_evalsha"]).group(1)) / (queue.done() - done)
        starts = sorted(at for number, _, kind, at in self.tail(size) if kind == 0)[: enough or waiting]
        return [rate(starts[i:i + WINDOW]) for i in range(0, len(starts) - WINDOW + 1, WINDOW)], spent

    def tail(self, size):
        records = list(self.queue.runs())
        return records[size // 16:]


def growth(options):
    few = Growth()
    # Twice as many: the first half is for the worker to get into its stride, in the second fewer than 10,000 wait.
    small = [few.drain(2 * WINDOW) for _ in range(15)]
    few.worker.kill()
    few.redis.kill()
    many = Growth()
    rates, spent = many.drain(options.waiting, enough=options.waiting * 3 // 10)
    many.worker.kill()
    small_rate = queue_stand.percentile([windows[1] for windows, _ in small], 50)
    large_rate = queue_stand.percentile(rates[1:], 50)
    say("drain rate with 10,000 waiting", f"{small_rate:,.0f} jobs/s")
    say(f"drain rate with {options.waiting:,} waiting", f"{large_rate:,.0f} jobs/s", f"{large_rate / small_rate:.2f} of it; at least 0.90")
    small_spent = queue_stand.percentile([spent for _, spent in small], 50)
    say("Redis's time per job in scripts, 10,000 waiting", f"{small_spent:.2f} µs")
    say(f"Redis's time per job in scripts, {options.waiting:,} waiting", f"{spent:.2f} µs", f"{spent / small_spent:.2f} of it")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"idle": idle, "memory": memory, "scripts": scripts, "growth": growth}
    parser.add_argument("--only", default=",".join(parts))
    parser.add_argument("--idle-seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiting", type=int, default=1_000_000)
    options = parser.parse_args()
    began, used = time.monotonic(), busy()
    for name in options.only.split(","):
        parts[name](options)
    seconds = time.monotonic() - began
    print(f"processors used: {(busy() - used) / seconds:.1f} of {os.cpu_count()}, by all programs of this machine", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
