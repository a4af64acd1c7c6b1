"""What the programs that prove intake share: a private stack, users with tokens, uploads over raw sockets, what Web holds in memory.

Bytes that were accepted are deleted as a program goes, or the disk would have to hold all that it ever sent.
"""

import hashlib
import http.client
import json
import mmap
import os
import pathlib
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import sign_in_stand
from queue_stand import Failure, program, until

MIB = 1 << 20
HOST = "127.0.0.1"
# What a kernel's buffer takes of one upload at a time: others get their turn.
TURN = 256 << 10


class Stack(sign_in_stand.Stack):
    """All of Sluice, with what uploads need: tokens, and a look at its processes and its disk."""

    def __init__(self, **settings):
        os.environ.update({"SLUICE_LOG_LEVEL": "warning", **settings})

    def __enter__(self):
        super().__enter__()
        self.ports = {name: int(number) for name, number in
                      (line.split("=") for line in pathlib.Path(f"{self.state}/ports").read_text().split())}
        return self

    def token(self, name):
        """A new user's."""
        for words in (("user", "add", name, "--email", f"{name}@example.org"), ("token", "add", name)):
            line = f'. {self.state}/env && exec sluice "$@"'
            done = subprocess.run(["bash", "-c", line, "sluice", *words], capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"sluice {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def restart(self, name):
        """So that what it did before is not in its memory."""
        self.control("stop", name)
        self.control("start", name)
        until(f"{name} is ready", lambda: self.is_ready(self.ports[f"{name}_probe"]))

    def is_ready(self, port):
        connection = http.client.HTTPConnection(HOST, port, timeout=2)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def memory(self, name, field="VmRSS"):
        """MiB, of `/proc/PID/status`: VmRSS now, VmHWM at most so far."""
        pid = pathlib.Path(f"{self.state}/pids/{name}.pid").read_text().strip()
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise Failure(f"{name} has ended")

    def held(self):
        """Bytes that lie in staging and on the FTP server."""
        total = 0
        for place in (f"{self.state}/staging", f"{self.state}/ftp"):
            for folder, _, names in os.walk(place):
                for name in names:
                    try:
                        total += os.lstat(f"{folder}/{name}").st_size
                    except FileNotFoundError:
                        pass
        return total

    def await_room(self, most=MIB, seconds=300):
        until(f"no more than {most} bytes are held", lambda: self.held() <= most, seconds, every=0.1)


class Account:
    """A user by token, on a connection that stays."""

    def __init__(self, port, token):
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}"}
        self.connection = None

    def ask(self, method, path, body=None, **headers):
        """- Returns: status and bytes. Once more on a new connection where the old one has been closed meanwhile."""
        for isLast in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
            try:
                self.connection.request(method, path, body, {**self.headers, **headers})
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
                if isLast:
                    raise

    def delete(self, ids):
        status, body = self.ask("DELETE", "/api/v1/files", json.dumps({"ids": ids}), **{"Content-Type": "application/json"})
        if status != 200:
            raise Failure(f"deleting is answered with {status}: {body[:400]}")

    def digest_of(self, id):
        """Of what a download brings."""
        status, body = self.ask("GET", f"/api/v1/files/{id}/content")
        if status != 200:
            raise Failure(f"a download is answered with {status}: {body[:400]}")
        return hashlib.sha256(body).hexdigest()


class Pool:
    """Random bytes in memory, of which each upload sends a stretch of its own: bytes of one that turned up in another would show."""

    def __init__(self, size, stretches, margin=4 * MIB):
        self.size = size
        self.file = tempfile.TemporaryFile(dir="/dev/shm")
        for start in range(0, size + margin, MIB):
            self.file.write(os.urandom(MIB))
        self.file.flush()
        self.view = memoryview(mmap.mmap(self.file.fileno(), 0))
        # Odd starts: no two stretches agree where buffers are cut.
        self.starts = [number * (margin // stretches) | 1 for number in range(stretches)]
        self.digests = [hashlib.sha256(self.bytes(number)).hexdigest() for number in range(stretches)]

    def bytes(self, number):
        start = self.starts[number]
        return self.view[start:start + self.size]


class Upload:
    """One PUT over a socket of its own, sent as the kernel takes it."""

    def __init__(self, port, account, source, total):
        """- Parameter source: the file and where in it to begin; a file that is shorter than `total` is sent again and again."""
        self.account = account
        self.file, self.first, self.period = source
        self.total = total
        self.sent = 0
        self.answer = bytearray()
        self.socket = socket.create_connection((HOST, port), timeout=60)
        head = {"Host": HOST, **account.headers, "Content-Length": total, "Connection": "close"}
        self.socket.sendall(b"PUT /api/v1/files/load.bin HTTP/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in head.items()) + b"\r\n")
        self.socket.setblocking(False)

    def fileno(self):
        return self.socket.fileno()

    def send(self):
        """- Returns: whether there is more to send."""
        if self.total == 0:
            return False
        place = self.sent % self.period
        count = min(TURN, self.period - place, self.total - self.sent)
        try:
            self.sent += os.sendfile(self.fileno(), self.file.fileno(), self.first + place, count)
        except BlockingIOError:
            pass
        return self.sent < self.total

    def receive(self):
        """- Returns: whether more may come."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.answer += data
        return bool(data)

    def file_answered(self):
        """- Returns: the entry of the accepted file."""
        head, _, body = bytes(self.answer).partition(b"\r\n\r\n")
        if head[9:12] != b"202":
            raise Failure(f"an upload is answered with {head[:200]!r} {body[:400]!r} after {self.sent} of {self.total} bytes")
        return json.loads(body)["files"][0]


def run(uploads, ended, seconds=900):
    """Sends all at the same time, and calls `ended` with each that has been answered."""
    selector = selectors.DefaultSelector()
    for upload in uploads:
        selector.register(upload, selectors.EVENT_READ | selectors.EVENT_WRITE)
    deadline = time.monotonic() + seconds
    while selector.get_map():
        if time.monotonic() > deadline:
            raise Failure(f"{len(selector.get_map())} uploads are not answered")
        for key, events in selector.select(1):
            upload = key.fileobj
            if events & selectors.EVENT_READ and not upload.receive():
                selector.unregister(upload)
                upload.socket.close()
                ended(upload)
            elif events & selectors.EVENT_WRITE and not upload.send():
                selector.modify(upload, selectors.EVENT_READ)


def allow_descriptors(count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        raise Failure(f"this takes {count} descriptors in one process, and the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def report(what, figure, limit, unit="MiB"):
    """- Returns: whether it is below the limit."""
    holds = figure < limit
    print(f"{what:<66}{figure:>9.1f} {unit}, limit {limit}{'' if holds else '   FAILED'}", flush=True)
    return holds
