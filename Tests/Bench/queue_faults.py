#!/usr/bin/env python3
"""Runs jobs through a queue while its workers and its Redis are being hurt, and counts what became of them.

    queue_faults.py [--jobs 1000000] [--workers 3] [--seconds-between 1.5] [--seed 1]

Everything is private: a redis-server (AOF everysec) on a free loopback port and a temporary folder. Faults, at random: a worker is
killed (SIGKILL) and replaced, a worker is frozen for longer than a lease and goes on (SIGSTOP, SIGCONT), all connections are cut,
and once, half way, Redis is stopped cleanly and started again. Prints four numbers:

    lost                jobs that never ran, or that are left in the queue or dead
    acknowledged twice  acknowledgements that Redis counted, beyond one per job
    duplicates          runs beyond one per job, and how many jobs were at most in flight at the kills and cuts
    check               violations that `sluice check` reports

Exit status 0 when the first two and the last are 0 and the duplicates are within what was in flight.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SLUICE = pathlib.Path(os.environ.get("SLUICE", HERE / "../../.build/release/sluice"))
LEASE = 5
CONTROL = "{q:bench:0}:c"


class Redis:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "everysec"],
            stdout=subprocess.DEVNULL)
        for _ in range(600):
            if self.ask("PING") == "PONG":
                return
            time.sleep(0.05)
        raise SystemExit("redis-server does not start")

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True)
        return done.stdout.strip()

    def stop(self):
        self.ask("SHUTDOWN")
        self.process.wait()


class Run:
    def __init__(self, options, folder):
        self.options = options
        self.random = random.Random(options.seed)
        self.folder = folder
        self.redis = Redis(folder)
        self.log = folder / "runs"
        self.log.touch()
        self.workers = []
        self.started = 0
        self.exposed = 0
        self.frozen = {}
        self.faults = {"killed": 0, "frozen": 0, "cut": 0, "restarted": 0}

    def environment(self, **more):
        values = {"BENCH_URL": f"redis://127.0.0.1:{self.redis.port}", "BENCH_LOG": str(self.log), "BENCH_MODE": "bulk",
                  "BENCH_N": str(self.options.jobs), "BENCH_CONC": "50", "BENCH_FAST_RECOVERY": "1", "BENCH_JOB": "noop"}
        return {**os.environ, **values, **more}

    def worker(self):
        self.started += 1
        return subprocess.Popen([SLUICE, "bench", "work"], env=self.environment(BENCH_WORKER=str(self.started)),
                                stderr=open(self.folder / "stderr", "ab"))

    def in_flight(self):
        return int(self.redis.ask("ZCARD", "{q:bench:0}:l") or 0)

    def done(self):
        return int(self.redis.ask("HGET", CONTROL, "done") or 0)

    def hurt(self):
        kind = self.random.choice(["killed", "killed", "frozen", "cut"])
        index = self.random.randrange(len(self.workers))
        if index in self.frozen:
            return
        self.faults[kind] += 1
        # Frozen first, so that what is counted is what is in flight when it ends.
        self.workers[index].send_signal(signal.SIGSTOP)
        self.exposed += self.in_flight()
        if kind == "killed":
            self.workers[index].kill()
            self.workers[index].wait()
            self.workers[index] = self.worker()
        elif kind == "frozen":
            self.frozen[index] = time.time() + LEASE + 2
        else:
            self.workers[index].send_signal(signal.SIGCONT)
            self.redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def thaw(self, everything=False):
        for index, until in list(self.frozen.items()):
            if everything or time.time() > until:
                self.workers[index].send_signal(signal.SIGCONT)
                del self.frozen[index]

    def restart(self):
        self.faults["restarted"] += 1
        self.exposed += self.in_flight() + 256 * len(self.workers)
        self.redis.stop()
        self.redis.start()

    def produce(self):
        subprocess.run([SLUICE, "bench", "produce"], env=self.environment(), check=True, stdout=subprocess.DEVNULL)

    def drain(self):
        self.workers = [self.worker() for _ in range(self.options.workers)]
        jobs, restarted, last, changed = self.options.jobs, False, -1, time.time()
        while (done := self.done()) < jobs:
            if done != last:
                last, changed = done, time.time()
            elif time.time() - changed > 60:
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
        runs, seen = 0, bytearray(jobs)
        with open(self.log, "rb") as log:
            while chunk := log.read(16 * 65536):
                for number, _, kind, _ in struct.iter_unpack("<IHHQ", chunk[: len(chunk) // 16 * 16]):
                    if kind == 0:
                        runs += 1
                        seen[number] = 1
        check = subprocess.run([SLUICE, "check", "bench"], capture_output=True, text=True, env=self.environment(
            SLUICE_REDIS_URL=f"redis://127.0.0.1:{self.redis.port}", SLUICE_DATABASE_URL="postgres://unused@127.0.0.1/unused"))
        left = int(self.redis.ask("SCARD", "{q:bench:0}:ids") or 0)
        unique = sum(seen)
        violations = 0 if check.returncode == 0 else max(1, check.stdout.count("\n  "))
        return {"lost": jobs - unique + left, "acknowledged twice": max(0, self.done() + left - jobs), "duplicates": runs - unique,
                "check": violations}

    def end(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        if self.redis.process.poll() is None:
            self.redis.process.kill()
            self.redis.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seconds-between", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-faults-"))
    run = Run(options, folder)
    try:
        started = time.time()
        run.produce()
        produced = time.time()
        run.drain()
        result = run.count()
        print(f"{options.jobs} jobs, {options.workers} workers at a time, {run.started} in all; "
              + ", ".join(f"{count} {what}" for what, count in run.faults.items())
              + f"; enqueued in {produced - started:.0f} s, done in {time.time() - produced:.0f} s")
        print(f"lost {result['lost']}")
        print(f"acknowledged twice {result['acknowledged twice']}")
        print(f"duplicates {result['duplicates']} (in flight at the faults: {run.exposed})")
        print(f"check {result['check']}")
        clean = result["lost"] == result["acknowledged twice"] == result["check"] == 0
        return 0 if clean and result["duplicates"] <= run.exposed else 1
    finally:
        run.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
