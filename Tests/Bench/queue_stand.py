"""What the programs that measure the queue share: a private Redis, workers and producers of `sluice bench`, their log.

Nothing here is waited for without end: each wait has a limit, times SLUICE_TEST_PATIENCE (1 unless set), and ends the program with a
`Failure` when it is reached. All children go with the program, also when it is told to stop, or killed.
"""

import array
import atexit
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SLUICE = pathlib.Path(os.environ.get("SLUICE", HERE / "../../.build/release/sluice")).resolve()
PATIENCE = max(1, int(os.environ.get("SLUICE_TEST_PATIENCE") or 1))
# Number of the job in a member of the lease index, which names it by id and type.
NUMBER = re.compile(rb"\|b(\d+)\|bench-mark\|")
# Not among those that the kernel gives to outgoing connections: a worker that tries to connect while Redis is away could take its port,
# or even reach itself.
PORTS = range(15_000, 32_000)
# A child of a program that was killed, which can clean up nothing, dies with it.
WITH_US = ["setpriv", "--pdeathsig", "KILL"]


class Failure(SystemExit):
    """Something did not happen, or not in time; ends the program with this sentence unless it is caught."""


class Child:
    """A process that ends with this one, or with a `with`."""

    def launch(self, *words, **options):
        self.process = subprocess.Popen([*WITH_US, *map(str, words)], **options)
        atexit.register(self.kill)

    def kill(self):
        """- Returns: when, in monotonic nanoseconds."""
        now = time.monotonic_ns()
        atexit.unregister(self.kill)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        return now

    def wait(self, seconds=30):
        """Thirty seconds are more than the drain deadline of a worker."""
        try:
            self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self} does not end within {seconds * PATIENCE} s") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class Redis(Child):
    """A redis-server on a free loopback port, with a connection that is made anew after it was cut."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        for _ in range(10):
            self.port = random.choice(PORTS)
            self.url = f"redis://127.0.0.1:{self.port}"
            if self.comes_up():
                return
        raise Failure("redis-server does not start, on none of ten ports")

    def __str__(self):
        return "redis-server"

    def start(self):
        """On the port that it had: clients know no other."""
        if not self.comes_up():
            raise Failure(f"redis-server does not start again on port {self.port}")

    def comes_up(self):
        """- Returns: whether it answers; if not, the port may be another's."""
        self.launch("redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                    "--appendonly", "yes", "--appendfsync", "everysec", *self.options, stdout=subprocess.DEVNULL)
        # One of before may lead to another server.
        self.connection = None
        try:
            until("redis-server answers", lambda: self.process.poll() is not None or self.is_ours(), seconds=30, every=0.05)
        except Failure:
            self.kill()
        return self.process.poll() is None

    def is_ours(self):
        """Whether it is up, and what answers on this port is it and not some other server."""
        try:
            return self.ask("PING") == b"PONG" and int(self.info("server")["process_id"]) == self.process.pid
        except (OSError, RuntimeError):
            return False

    def stop(self):
        """As an operator stops it: everything acknowledged is on disk."""
        try:
            self.ask("SHUTDOWN")
        except (OSError, RuntimeError):
            pass
        self.wait()

    def ask(self, *words):
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=60 * PATIENCE)
            self.stream = self.connection.makefile("rb")
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        lines = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        try:
            self.connection.sendall(b"*%d\r\n" % len(words) + lines)
            return self.reply()
        except OSError:
            self.connection.close()
            self.connection = None
            raise

    def reply(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("the connection ended")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        return rest

    def info(self, section):
        lines = self.ask("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def cut(self):
        """Ends all connections but this one.

        - Returns: how many.
        """
        return sum(self.ask("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes") for kind in ("normal", "pubsub"))


class Queue:
    """One queue of the server, with the programs that serve it and the log of what they ran."""

    def __init__(self, redis, folder, name="bench", **environment):
        self.redis = redis
        self.folder = folder
        self.name = name
        self.log = folder / f"{name}.log"
        self.log.touch()
        self.started = 0
        self.environment = {
            **os.environ, "BENCH_URL": redis.url, "BENCH_QUEUE": name, "BENCH_LOG": str(self.log), "BENCH_MODE": "bulk", "BENCH_CONC": "50",
            "BENCH_JOB": "noop", "SLUICE_REDIS_URL": redis.url, "SLUICE_DATABASE_URL": "postgres://unused@127.0.0.1/unused",
            **environment}

    def key(self, name):
        return f"{{q:{self.name}:0}}:{name}"

    def sluice(self, *words, seconds=60, **environment):
        """- Returns: the ended process, whatever its status."""
        try:
            return subprocess.run([*WITH_US, SLUICE, *words], env={**self.environment, **environment}, capture_output=True, text=True,
                                  timeout=seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"sluice {' '.join(words)} does not end within {seconds * PATIENCE} s") from None

    def order(self, *words, **more):
        """- Returns: what it printed; a status other than 0 is a failure."""
        done = self.sluice(*words, **more)
        if done.returncode != 0:
            raise Failure(f"sluice {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def produce(self, count, first=0):
        """- Returns: seconds that the calls took, by the producer's clock."""
        printed = self.order("bench", "produce", seconds=60 + count / 10_000, BENCH_N=str(count), BENCH_FIRST=str(first))
        return float(re.search(r'"seconds": ([0-9.e-]+)', printed).group(1))

    def worker(self):
        self.started += 1
        return Worker(self, self.started)

    def await_served(self):
        """Until a worker has put the queue on the list of those that are served: others `sluice check` refuses."""
        until(f"{self.name} is served", lambda: self.redis.ask("ZSCORE", "queues", self.name) is not None)

    def await_done(self, count, seconds=60, every=0.02):
        until(f"{count} jobs of {self.name} are done", lambda: self.done() >= count, seconds, every)

    def leases(self):
        return self.redis.ask("ZRANGE", self.key("l"), 0, -1)

    def leased(self):
        """The numbers of the jobs that are in flight."""
        return {int(found.group(1)) for found in map(NUMBER.search, self.leases()) if found}

    def kill_holding(self, worker):
        """Kills a frozen worker.

        - Returns: when, in monotonic nanoseconds, and which jobs were in flight then. What the worker had sent before, the server may answer a
          little later: what it acknowledged so is not in the index any more at the second look, while what it lost stays there
          until leases expire.
        """
        before = self.leased()
        when = worker.kill()
        time.sleep(0.1)
        return when, before & self.leased()

    def in_flight(self):
        return self.redis.ask("ZCARD", self.key("l"))

    def done(self):
        return int(self.redis.ask("HGET", self.key("c"), "done") or 0)

    def left(self):
        return int(self.redis.ask("HGET", self.key("c"), "jobs") or 0)

    def left_ids(self):
        return [id for key in self.id_sets() for id in self.redis.ask("SMEMBERS", key)]

    def id_sets(self):
        return self.redis.ask("KEYS", self.key("ids:*"))

    def violations(self):
        """- Returns: how many `sluice check` reports; also prints them. That it fails otherwise counts as one."""
        check = self.sluice("check", self.name)
        if check.returncode == 0:
            return 0
        print(check.stdout + check.stderr, end="", file=sys.stderr)
        return max(1, check.stdout.count("\n  "))

    def runs(self):
        """- Returns: (number, worker, kind, monotonic nanoseconds) of each record; kind 0 is a start, 1 an end."""
        values = array.array("Q")
        data = self.log.read_bytes()
        values.frombytes(data[: len(data) // 16 * 16])
        for position in range(0, len(values), 2):
            head = values[position]
            yield head & 0xFFFFFFFF, head >> 32 & 0xFFFF, head >> 48, values[position + 1]


class Worker(Child):
    """A process of `sluice bench work`."""

    def __init__(self, queue, number):
        self.number = number
        with open(queue.folder / "stderr", "ab") as errors:
            self.launch(SLUICE, "bench", "work", stderr=errors, env={**queue.environment, "BENCH_WORKER": str(number)})

    def __str__(self):
        return f"worker {self.number}"

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def terminate(self):
        self.process.terminate()


def program(main):
    """Runs it so that a signal to stop lets everything be cleaned up, once, and exits with what it returns."""
    def stop(number, _):
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, stop)
    sys.exit(main())


def folder():
    """A temporary folder that goes with the program."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sluice-queue-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def until(what, condition, seconds=60, every=0.02):
    """Returns when the condition has come true; fails when it does not in time."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(every)


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]
