"""How long a session lives is decided by Redis alone: what its clock says, what renews it, and what does not."""

import threading
import time

from case_walk import OVER
from support.waiting import PATIENCE, until

IDLE = 5
ENDED = f"You were logged out because nothing happened for {IDLE} seconds."
# Between what Redis does and our hearing of it.
LATE = 0.5 * PATIENCE


class Life:
    def __init__(self, stage):
        self.stage = stage
        self.stack, self.browser = stage.stack, stage.browser
        self.person = stage.person("grace", "moths are found in relays too")
        self.redis = self.stack.redis()

    def key(self, client):
        return self.stage.session_key(client.session)

    def lives(self, *keys):
        return self.redis("EXISTS", *keys)

    def milliseconds_left(self, client):
        return self.redis("PTTL", self.key(client))

    def sign_in(self):
        """Five sessions of one person, with limits that are long enough for that; from then on Web is one with short limits."""
        self.clients = [self.stage.client() for _ in range(4)]
        self.clients[0].register(self.person.name, self.person.address, self.person.password)
        for client in self.clients:
            client.sign_in(self.person.name, self.person.address, self.person.password)
        self.person.go("/login")
        self.person.sign_in()
        self.tab = self.stage.session_key(self.person.session)
        self.browser.driver.get("about:blank")
        self.stack.restart_web(SLUICE_SESSION_IDLE=f"{IDLE}s")

    def time_to_live(self):
        """The key has the idle limit to live from each thing that a person does, and a request after it is told of its end."""
        client = self.clients[0]
        assert client.get("/").status == 200
        assert 1000 * (IDLE - LATE) <= self.milliseconds_left(client) <= 1000 * IDLE, self.milliseconds_left(client)
        until("two seconds pass", lambda: self.milliseconds_left(client) < 3000)
        assert client.get("/account").status == 200
        last = time.monotonic()
        assert self.milliseconds_left(client) > 1000 * (IDLE - LATE), "what a person does renews"
        until("the key is gone", lambda: not self.lives(self.key(client)), IDLE + 5)
        assert IDLE - LATE <= time.monotonic() - last <= IDLE + LATE, time.monotonic() - last
        time.sleep(max(0, last + IDLE + 1 - time.monotonic()))
        answer = client.get("/")
        assert (answer.status, answer.headers["Location"]) == (303, "/login"), (answer.status, answer.text)
        answer = client.get("/login")
        assert answer.notice == ENDED, answer.notice

    def polling(self):
        """What scripts ask for by themselves does not keep the session: neither all the lists of files nor an open stream of events."""
        client, streaming = self.clients[1:3]
        assert client.get("/").status == 200 and streaming.get("/").status == 200
        last = time.monotonic()
        connection, stream = streaming.open("GET", "/api/v1/events")
        assert stream.status == 200 and stream.readline().startswith(b":")
        reader = threading.Thread(target=stream.read, daemon=True)
        reader.start()
        asked = 0

        def ask():
            nonlocal asked
            statuses = {client.get("/api/v1/files", X_Sluice_Background="1").status, client.get("/session").status}
            if time.monotonic() - last < IDLE - LATE:
                assert statuses == {200}, statuses
                asked += 1
            return not self.lives(self.key(client))
        until("the session is over although scripts go on asking", ask, IDLE + 5)
        span = time.monotonic() - last
        assert IDLE - LATE <= span <= IDLE + LATE, span
        assert asked > 10, asked
        assert client.get("/api/v1/files", X_Sluice_Background="1").status == 401
        until("the session with the stream is over", lambda: not self.lives(self.key(streaming)), 2)
        assert streaming.get("/api/v1/files").status == 401
        reader.join(20 * PATIENCE)
        assert not reader.is_alive(), "the stream goes on without its session"
        connection.close()

    def open_tab(self):
        """A page that is left open, with its stream and its questions, is over in time and says so."""
        self.person.go("/")
        last = time.monotonic()
        assert self.lives(self.tab)
        until("the session is over", lambda: not self.lives(self.tab), IDLE + 5)
        assert time.monotonic() - last <= IDLE + 2 * LATE, time.monotonic() - last
        self.person.arrived("/login", "Log in")
        assert self.person.notice == ENDED, self.person.notice
        asked = {url.removeprefix(self.stack.address) for url, *_ in self.browser.responses()}
        assert {"/api/v1/events", "/session"} <= asked, asked
        complaints = self.person.complaints(OVER)
        assert not complaints, complaints

    def without_web(self):
        """Sessions end on time while no process of ours is there to end them."""
        client = self.clients[3]
        assert client.get("/").status == 200
        keys = [key for key in self.redis("KEYS", "{sess}s:*") if 0 < self.redis("PTTL", key) <= 1000 * IDLE]
        assert self.key(client).encode() in keys
        left = max(self.redis("PTTL", key) for key in keys) / 1000
        last = time.monotonic()
        self.stack.stop("web")
        self.stack.stop("worker")
        assert self.lives(*keys) or time.monotonic() - last >= left, "they ended too early"
        until("all keys are gone", lambda: not self.lives(*keys), IDLE + 5)
        assert time.monotonic() - last <= left + LATE, (time.monotonic() - last, left)
        self.stack.start("web", SLUICE_SESSION_IDLE=f"{IDLE}s")
        assert client.get("/login").notice == ENDED

    STEPS = [sign_in, time_to_live, polling, open_tab, without_web]
