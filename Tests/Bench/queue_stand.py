"""What the programs that measure the queue share: a private Redis, workers and producers of `sluice bench`, their log."""

import array
import atexit
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SLUICE = pathlib.Path(os.environ.get("SLUICE", HERE / "../../.build/release/sluice")).resolve()
# Number of the job in a member of the lease index, which names it by id and type.
NUMBER = re.compile(rb"\|b(\d+)\|bench-mark\|")


class Redis:
    """A redis-server on a free loopback port, with a connection that is made anew after it was cut."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()
        atexit.register(self.kill)

    def start(self):
        self.connection = None
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "everysec", *self.options], stdout=subprocess.DEVNULL)
        for _ in range(600):
            try:
                if self.ask("PING") == b"PONG":
                    return
            except (OSError, RuntimeError):
                time.sleep(0.05)
        raise SystemExit("redis-server does not start")

    def stop(self):
        """As an operator stops it: everything acknowledged is on disk."""
        try:
            self.ask("SHUTDOWN")
        except (OSError, RuntimeError):
            pass
        self.process.wait()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ask(self, *words):
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.stream = self.connection.makefile("rb")
        line = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in (str(word).encode() for word in words))
        try:
            self.connection.sendall(b"*%d\r\n" % len(words) + line)
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
        """Ends all connections but this one."""
        self.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.ask("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes")


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

    def produce(self, count, first=0, **more):
        """- Returns: seconds that the calls took, by the producer's clock."""
        done = subprocess.run([SLUICE, "bench", "produce"], check=True, stdout=subprocess.PIPE, text=True,
                              env={**self.environment, "BENCH_N": str(count), "BENCH_FIRST": str(first), **more})
        return float(re.search(r'"seconds": ([0-9.e-]+)', done.stdout).group(1))

    def worker(self):
        self.started += 1
        return Worker(self, self.started)

    def sluice(self, *words):
        return subprocess.run([SLUICE, *words], env=self.environment, capture_output=True, text=True)

    def leased(self):
        """The numbers of the jobs that are in flight."""
        members = self.redis.ask("ZRANGE", self.key("l"), 0, -1)
        return {int(found.group(1)) for found in map(NUMBER.search, members) if found}

    def in_flight(self):
        return self.redis.ask("ZCARD", self.key("l"))

    def done(self):
        return int(self.redis.ask("HGET", self.key("c"), "done") or 0)

    def left(self):
        return self.redis.ask("SCARD", self.key("ids"))

    def violations(self):
        check = self.sluice("check", self.name)
        return 0 if check.returncode == 0 else max(1, check.stdout.count("\n  "))

    def runs(self):
        """- Returns: (number, worker, kind, monotonic nanoseconds) of each record; kind 0 is a start, 1 an end."""
        values = array.array("Q")
        data = self.log.read_bytes()
        values.frombytes(data[: len(data) // 16 * 16])
        for position in range(0, len(values), 2):
            head = values[position]
            yield head & 0xFFFFFFFF, head >> 32 & 0xFFFF, head >> 48, values[position + 1]


class Worker:
    """A process of `sluice bench work`."""

    def __init__(self, queue, number):
        self.number = number
        with open(queue.folder / "stderr", "ab") as errors:
            self.process = subprocess.Popen([SLUICE, "bench", "work"], stderr=errors, env={**queue.environment, "BENCH_WORKER": str(number)})
        atexit.register(self.kill)

    def kill(self):
        """- Returns: when, in monotonic nanoseconds."""
        now = time.monotonic_ns()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        return now

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def terminate(self):
        self.process.terminate()

    def wait(self):
        self.process.wait()


def folder():
    """A temporary folder that goes with the program."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sluice-queue-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def until(condition, seconds=60, every=0.02):
    """- Returns: whether the condition came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]
