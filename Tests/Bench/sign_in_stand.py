"""What the programs that measure signing in share: a private stack, people, browsers, bursts of requests.

Captchas are solved with the run's own key, from which Sluice computes their letters too. That is no way round them: whoever has the key has
everything.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import http.client
import itertools
import os
import pathlib
import re
import selectors
import socket
import subprocess
import tempfile
import time
import urllib.parse

import queue_stand
from queue_stand import Failure, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "a sluice needs two gates"
LETTERS = "CFHJKLMPSTVXZ"
# Seconds in which the server gets to read what has been sent of a burst.
GATHERING = 0.5


def hash_of(password):
    """As Sluice stores it."""
    salt = os.urandom(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=1 << 15, r=8, p=3, maxmem=1 << 26, dklen=32)
    return "$scrypt$ln=15,r=8,p=3$" + "$".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (salt, key))


class Site:
    """A Sluice that answers on a port of this machine, with what its tests know beyond its users."""

    def __init__(self, port, authority, database, key):
        self.port = port
        self.authority = authority
        self.database = database
        self.key = key.encode()
        self.addresses = (f"127.{64 + (n >> 16)}.{n >> 8 & 255}.{n & 255}" for n in itertools.count(1))

    def address(self):
        """One of this machine that no browser had before. All of 127.0.0.0/8 is loopback, and each address a network of its own."""
        return next(self.addresses)

    def sql(self, statement):
        """- Returns: the rows, as lists of texts."""
        done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.database], input=statement, text=True,
                              capture_output=True)
        if done.returncode != 0:
            raise Failure(f"psql: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def number(self, statement):
        return int(self.sql(statement)[0][0])

    def add_people(self, name, count):
        """Users `name-1` to `name-count`, who all have the same password: to register each would take a hash each.

        - Returns: their names.
        """
        self.sql(f"""
            INSERT INTO users (name, email, password)
            SELECT '{name}-' || n, '{name}-' || n || '@example.org', '{hash_of(PASSWORD)}' FROM generate_series(1, {count}) AS n""")
        return [f"{name}-{n}" for n in range(1, count + 1)]

    def letters(self, captcha):
        key = hmac.digest(self.key, b"captchas", "sha256")
        number = int.from_bytes(hmac.digest(key, captcha.encode(), "sha256")[:8], "big")
        return "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(5))

    def code(self, name):
        """The code that the user's last mail has, or would have."""
        [(number, nonce, user)] = self.sql(f"""
            SELECT login_challenges.id, encode(nonce, 'hex'), user_id FROM login_challenges JOIN users ON users.id = user_id
            WHERE users.name = '{name}' ORDER BY login_challenges.created_at DESC LIMIT 1""")
        digest = hmac.digest(self.key, number.encode() + bytes.fromhex(nonce) + user.encode(), "sha256")
        place = digest[-1] & 15
        return f"{(int.from_bytes(digest[place:place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Browser:
    """Keeps cookies and the last page's form, and sends one request after the other."""

    def __init__(self, site, address=None):
        self.site = site
        self.address = address or site.address()
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60 * queue_stand.PATIENCE,
                                                     source_address=(self.address, 0))
        self.last = time.monotonic()
        self.cookies = {}
        self.text = ""

    def headers(self):
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        return {"Host": self.site.authority, **cookies}

    def get(self, path):
        return self.ask("GET", path, None, self.headers())

    def post(self, path, **fields):
        return self.ask("POST", path, self.form(fields), {**self.headers(), "Content-Type": "application/x-www-form-urlencoded"})

    def ask(self, method, path, body, headers):
        """- Returns: the status."""
        # A server may close a connection on which nothing has come for long.
        if time.monotonic() > self.last + 5:
            self.connection.close()
        self.last = time.monotonic()
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            self.text = answer.read().decode()
        except BaseException:
            # What is left of an answer must not be taken for the next one's.
            self.connection.close()
            raise
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.location = answer.headers["Location"]
        return answer.status

    def field(self, name):
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        if not found:
            raise Failure(f"there is no field {name} in the page: {self.text[:400]}")
        return found.group(1)

    def form(self, fields):
        return urllib.parse.urlencode({"csrf": self.field("csrf"), **fields}).encode()

    def credentials(self, login, password=PASSWORD):
        """The fields of the login form, filled in, of a page that is asked for."""
        status = self.get("/login")
        if status != 200:
            raise Failure(f"GET /login is answered with {status}")
        captcha = self.field("captcha_id")
        return {"login": login, "password": password, "captcha_id": captcha, "captcha": self.site.letters(captcha)}

    def log_in(self, login, password=PASSWORD):
        """- Returns: the status; 303 when a code is on its way."""
        return self.post("/login", **self.credentials(login, password))

    def sign_in(self, login):
        """All the way."""
        status = self.log_in(login)
        if status == 303:
            self.get("/login/code")
            status = self.post("/login/code", code=self.site.code(login))
        if (status, self.location) != (303, "/"):
            raise Failure(f"{login} cannot sign in: {status}: {self.text[:2000]}")

    def request(self, path, **fields):
        """A form as bytes, for `burst`."""
        body = self.form(fields)
        head = {**self.headers(), "Content-Type": "application/x-www-form-urlencoded", "Content-Length": len(body), "Connection": "close"}
        return f"POST {path} HTTP/1.1\r\n".encode() + b"".join(f"{name}: {value}\r\n".encode() for name, value in head.items()) + b"\r\n" + body


def burst(port, requests):
    """Sends all requests at the same time: everything but the last byte of each, and then the last bytes.

    - Parameter requests: pairs of the address to send from and the bytes.
    - Returns: statuses, 0 for a connection that ended without one, and seconds from the last byte to the end of the answer.
    """
    selector = selectors.DefaultSelector()
    connections = []
    for address, request in requests:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request[:-1])
        connections.append((connection, request[-1:]))
    time.sleep(GATHERING)
    for connection, last in connections:
        connection.sendall(last)
        selector.register(connection, selectors.EVENT_READ, (bytearray(), time.monotonic()))
    answers = []
    deadline = time.monotonic() + 120 * queue_stand.PATIENCE
    while selector.get_map():
        if time.monotonic() > deadline:
            raise Failure(f"{len(selector.get_map())} of {len(connections)} requests have no answer")
        for key, _ in selector.select(1):
            received, since = key.data
            try:
                data = key.fileobj.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            received += data
            if not data:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                answers.append((int(received[9:12] or 0), time.monotonic() - since))
    return answers


class Redis(queue_stand.Redis):
    """The connection alone, to a server that somebody else started."""

    def __init__(self, port):
        self.port = port
        self.connection = None


class Stack:
    """All of Sluice, started by `compose/local/stack` in a folder of its own; use with `with`."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-sign-in-", dir="/var/tmp")
        os.chmod(self.folder.name, 0o755)
        self.state = f"{self.folder.name}/state"
        try:
            self.control("up")
            self.environment = self.read_environment()
            ports = dict(line.split("=") for line in pathlib.Path(f"{self.state}/ports").read_text().split())
            self.redis = Redis(int(ports["redis"]))
            self.mail_port = int(ports["mail"])
            self.site = Site(int(ports["front"]), f"127.0.0.1:{ports['front']}", self.environment["SLUICE_DATABASE_URL"],
                             self.environment["SLUICE_SIGN_IN_KEY"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.control("down")
        self.folder.cleanup()

    def control(self, *words):
        done = subprocess.run([f"{ROOT}/compose/local/stack", *words], env={**os.environ, "STATE": self.state, "PORT": "0"}, text=True,
                              capture_output=True)
        if done.returncode != 0:
            raise Failure(f"stack {' '.join(words)}: {done.stdout}{done.stderr}")

    def read_environment(self):
        printed = subprocess.run(["bash", "-c", f". {self.state}/env && env -0"], check=True, capture_output=True, text=True).stdout
        return dict(line.split("=", 1) for line in printed.split("\0") if "=" in line)

    def mails(self):
        """All that have arrived."""
        folder = pathlib.Path(f"{self.state}/mail/new")
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in sorted(folder.iterdir())]

    def mails_to(self, name):
        return [mail for mail in self.mails() if mail["X-RcptTo"] == f"{name}@example.org"]

    def mail_jobs(self):
        """- Returns: how many there are in any state, and how many of them are dead."""
        return int(self.redis.ask("HGET", "{q:mail:0}:c", "jobs") or 0), self.redis.ask("ZCARD", "{q:mail:0}:x")

    def await_no_mail_jobs(self, seconds=60):
        until("no mail is left to send", lambda: self.mail_jobs() == (0, 0), seconds, every=0.1)


class Worker(queue_stand.Child):
    """A worker for mails alone."""

    def __init__(self, stack):
        with open(f"{stack.state}/logs/mail-workers.log", "ab") as log:
            self.launch("bash", "-c", 'exec Worker --queue mail=8', stdout=log, stderr=log,
                        env={**stack.environment, "SLUICE_WORKER_PROBE": "127.0.0.1:0"})

    def __str__(self):
        return "Worker"
