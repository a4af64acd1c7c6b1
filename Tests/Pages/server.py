"""A mock of Sluice: renders every page with sample data and plays the API. For looking at pages, not for use.

    python3 server.py [port]            serves on 127.0.0.1
    python3 server.py --dump FOLDER     writes each page's context and HTML, to compare with another renderer

/_/TEMPLATE/VARIANT shows any page in any condition (see mock/samples.py); ?left=SECONDS sets the life of the session,
?long=1 makes texts half as long again, as a translation would. /login accepts anything, the code is 123456.
Files whose name contains "busy" are refused twice with 503, "huge" with 413, "bad" fail to be stored. "lost" are taken
and answered with an unknown outcome, "gateway" with the 503 of a proxy, "cut" not at all; "dead" are not taken and never answered. What was taken is answered when its
Idempotency-Key comes again.
"""

import datetime
import email.parser
import email.policy
import http.server
import json
import pathlib
import queue
import re
import sys
import threading
import time
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mock import media, samples  # noqa: E402
from mock.render import load_assets, render  # noqa: E402

CSP = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
       "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
PAGE_SIZE = 50


class State:
    """Everything the mock remembers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.files = {f["id"]: dict(f) for f in samples.FILES}
        for n in range(70):
            old = samples.file(100 + n, f"scan-{n:03}.tiff", 1000 * (n + 1) ** 2, "stored", 20000 + n * 700)
            self.files[old["id"]] = old
        self.listeners = []
        self.busy = {}
        self.answers = {}
        self.tokens = list(samples.FULL_TOKENS)
        self.sessions = list(samples.FULL_SESSIONS)
        self.ends = time.time() + 1800
        self.events_down = False
        self.mail = {"delivery": None, "text": None}
        self.pause = 0

    def tell(self, kind, body):
        for listener in self.listeners:
            listener.put((kind, body))

    def accept(self, name, size):
        now = datetime.datetime.now(datetime.timezone.utc)
        file = {"id": str(uuid.uuid4()), "name": name, "size": size, "contentType": "application/octet-stream", "sha256": "0" * 64,
                "state": "staged", "createdAt": samples.iso(now), "storedAt": None}
        with self.lock:
            self.files[file["id"]] = file
        self.tell("file", dict(file))
        threading.Timer(2.5, self.settle, [file]).start()
        return dict(file)

    def settle(self, file):
        if "bad" in file["name"]:
            file.update(state="failed", failure="The storage refused the file: its disk is full.")
        else:
            file.update(state="stored", storedAt=samples.iso(datetime.datetime.now(datetime.timezone.utc)))
        self.tell("file", dict(file))

    def page(self, search, sort, limit, cursor):
        key = {"name": lambda f: f["name"].lower(), "size": lambda f: f["size"], "created": lambda f: f["createdAt"]}[sort.lstrip("-")]
        with self.lock:
            found = sorted((f for f in self.files.values() if search.lower() in f["name"].lower()), key=key, reverse=sort.startswith("-"))
        start = int(cursor or 0)
        end = start + limit
        return [dict(f) for f in found[start:end]], str(end) if end < len(found) else None


state = State()
URLS, ASSETS = load_assets()


def lengthen(page):
    """Half as long again, and with words that a line has to cope with."""
    body = page.index("<body")
    stretch = lambda m: f">{m[1]}{' Übersetzungslänge'[:max(3, len(m[1].strip()) // 2)] if m[1].strip() else ''}<"
    return page[:body] + re.sub(r">([^<>{}]+)<", stretch, page[body:])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    # Answers

    def send(self, status, body=b"", kind="text/html; charset=utf-8", headers=()):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        if not any(name == "Cache-Control" for name, _ in headers):
            self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def show(self, name, context, status=200):
        if "session" in context:
            context = {**context, "session": {"secondsLeft": int(self.query.get("left", max(0, int(state.ends - time.time()))))}}
        if "left" in self.query:
            state.ends = time.time() + int(self.query["left"])
        page = render(name, {**context, "assets": URLS})
        self.send(status, lengthen(page) if "long" in self.query else page)

    def go(self, path):
        self.send(303, headers=[("Location", path)])

    def json(self, status, body, headers=()):
        kind = "application/problem+json" if status >= 400 else "application/json"
        self.send(status, json.dumps(body, ensure_ascii=False), kind, headers)

    def problem(self, status, kind, title, detail=None, retry=None):
        body = {"type": f"/problems/{kind}", "title": title, "status": status}
        if detail:
            body["detail"] = detail
        self.json(status, body, [("Retry-After", str(retry))] if retry is not None else [])

    # Requests

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def route(self, method):
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        path = url.path
        if path in ASSETS:
            kind, body = ASSETS[path]
            return self.send(200, body, kind, [("Cache-Control", "public, max-age=31536000, immutable")])
        if path.startswith("/api/v1/"):
            return self.api(method, path.removeprefix("/api/v1"))
        if method == "GET":
            return self.get(path)
        return self.post(path)

    def do_GET(self): self.route("GET")
    def do_POST(self): self.route("POST")
    def do_PUT(self): self.route("PUT")
    def do_DELETE(self): self.route("DELETE")

    def get(self, path):
        sample = tuple(path.removeprefix("/_/").split("/"))
        if sample in samples.PAGES:
            return self.show(sample[0], samples.PAGES[sample])
        if path == "/":
            search, sort = self.query.get("search", ""), self.query.get("sort", "-created")
            files, cursor = state.page(search, sort, PAGE_SIZE, self.query.get("cursor"))
            return self.show("home", samples.home(files, search=search, sort=sort, next_cursor=cursor))
        if path == "/account":
            return self.show("account", samples.account(state.sessions, state.tokens))
        if path == "/login/captcha":
            return self.json(200, {"id": uuid.uuid4().hex[:8], "secondsLeft": 300})
        if match := re.fullmatch(r"/captcha/(\w+)\.(png|wav)", path):
            letters = "".join(list("KRWTHXP")[int(c, 36) % 7] for c in (match[1] * 5)[:5])
            return self.send(200, media.png(letters) if match[2] == "png" else media.wav(letters), "image/png" if match[2] == "png" else "audio/wav")
        if path == "/login/code/mail":
            return self.json(200, state.mail) if state.mail else self.problem(401, "session-ended", "The session has ended")
        if path == "/session":
            ends = datetime.datetime.fromtimestamp(state.ends, datetime.timezone.utc)
            over = state.ends <= time.time()
            return self.json(200, {"state": "anonymous" if over else "signedIn",
                                   "now": samples.iso(datetime.datetime.now(datetime.timezone.utc)), "idleEndsAt": samples.iso(ends),
                                   "absoluteEndsAt": samples.iso(ends if "absolute" in self.headers.get("Referer", "") else ends + datetime.timedelta(hours=11))})
        for route, page in {"/login": "login", "/register": "register", "/login/code": "code", "/password/forgot": "forgot", "/password/reset": "reset"}.items():
            if path == route:
                time.sleep(state.pause)
                over = page == "login" and state.ends <= time.time()
                state.ends = max(state.ends, time.time() + 1800) if over else state.ends
                return self.show(page, samples.PAGES[(page, "expired" if over else "plain")])
        self.show("message", samples.PAGES[("message", "not-found")], 404)

    def post(self, path):
        body = self.body()
        if path == "/files":
            message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
                b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
            for part in message.iter_parts():
                if part.get_filename():
                    state.accept(part.get_filename(), len(part.get_payload(decode=True)))
            return self.go("/")
        fields = dict(urllib.parse.parse_qsl(body.decode()))
        if path == "/session/stay":
            if self.headers.get("X-CSRF-Token") != "c5rf":
                return self.problem(403, "forbidden", "The token is missing")
            state.ends = time.time() + 1800
            return self.get("/session")
        if fields.get("csrf") != "c5rf":
            return self.show("message", samples.signed_out(message={"title": "This form is too old", "text": "Open the page again and retry."}), 403)
        if path == "/login":
            return self.go("/login/code")
        if path == "/login/code":
            return self.go("/") if fields.get("code", "").strip() == "123456" else self.show("code", samples.PAGES[("code", "errors")], 422)
        if path == "/login/code/resend":
            return self.show("code", samples.PAGES[("code", "resent")])
        if path == "/password/forgot":
            return self.show("forgot", samples.PAGES[("forgot", "sent")])
        if match := re.fullmatch(r"/files/([\w-]+)/delete", path):
            file = state.files.get(match[1])
            if file and fields.get("confirm") != "yes":
                return self.show("delete", samples.signed_in(file={"id": file["id"], "name": file["name"]}))
            state.files.pop(match[1], None)
            return self.go("/")
        if path == "/account/tokens":
            state.tokens = [samples.token(int(time.time()), fields["token_name"], None, int(fields["token_days"]) or None)] + state.tokens
            return self.show("account", samples.account(state.sessions, state.tokens, newToken={"text": "slc_Yh3kP0vQ2mR8tW5xZ7bN1cD4fG6jL9sAqE_uI-oKyHn"}))
        if match := re.fullmatch(r"/account/tokens/(\d+)/revoke", path):
            state.tokens = [t for t in state.tokens if t["number"] != int(match[1])]
            return self.go("/account")
        if match := re.fullmatch(r"/account/sessions/(\d+)/end", path):
            state.sessions = [s for s in state.sessions if s["number"] != int(match[1])]
            return self.go("/account")
        if path == "/account/sessions/end-others":
            state.sessions = state.sessions[:1]
        self.go("/login" if path in ("/logout", "/register", "/password/reset") else "/account")

    def api(self, method, path):
        if method != "GET" and self.headers.get("X-CSRF-Token") != "c5rf":
            return self.problem(403, "forbidden", "The token is missing")
        if path == "/files" and method == "GET":
            limit = min(500, int(self.query.get("limit", PAGE_SIZE)))
            files, cursor = state.page(self.query.get("search", ""), self.query.get("sort", "-created"), limit, self.query.get("cursor"))
            return self.json(200, {"files": files, "next": cursor})
        if path == "/events":
            return self.events()
        if not (match := re.fullmatch(r"/files/([^/]+)(/content)?", path)):
            return self.problem(404, "not-found", "There is no such thing here")
        if method == "PUT":
            return self.put(urllib.parse.unquote(match[1]))
        if method == "DELETE":
            if not state.files.pop(match[1], None):
                return self.problem(404, "file-not-found", "You have no file with this id")
            state.tell("gone", {"id": match[1]})
            return self.send(204)
        file = state.files.get(match[1])
        if not file:
            return self.problem(404, "file-not-found", "You have no file with this id")
        if not match[2]:
            return self.json(200, file)
        name = urllib.parse.quote(file["name"])
        self.send(200, b"sample\n", "application/octet-stream", [("Content-Disposition", f"attachment; filename*=UTF-8''{name}")])

    def put(self, name):
        size = 0
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            piece = self.rfile.read(min(left, 1 << 16))
            size += len(piece)
            left -= len(piece)
            if "slow" in name:
                time.sleep(0.02)
        key = self.headers.get("Idempotency-Key")
        if key in state.answers:
            return self.json(202, state.answers[key], [("Idempotency-Replayed", "true")])
        if "huge" in name:
            return self.problem(413, "file-too-large", "The file is too large", "At most 5000000000 bytes are taken.")
        if "dead" in name:
            self.close_connection = True
            return
        if any(word in name for word in ("cut", "lost", "gateway")):
            state.answers[key] = {"files": [state.accept(name, size)]}
        if "cut" in name:
            self.close_connection = True
            return
        if "lost" in name:
            return self.problem(503, "unknown-outcome", "The connection to the database was lost at the last step", retry=2)
        if "gateway" in name:
            return self.json(503, {"type": "about:blank", "title": "Service Unavailable", "status": 503}, [("Retry-After", "1")])
        if "busy" in name:
            state.busy[name] = state.busy.get(name, 0) + 1
            if state.busy[name] <= 2:
                return self.problem(503, "unavailable", "A service that is needed does not answer", retry=state.busy[name])
        if "full" in name:
            return self.problem(507, "staging-full", "There is no room for new files now", retry=30)
        self.json(202, {"files": [state.accept(name, size)]})

    def events(self):
        if state.events_down:
            return self.problem(503, "unavailable", "A service that is needed does not answer", retry=2)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        listener = queue.Queue()
        state.listeners.append(listener)
        try:
            while True:
                try:
                    kind, body = listener.get(timeout=5)
                    self.wfile.write(f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode())
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
                self.wfile.flush()
        except OSError:
            pass
        finally:
            state.listeners.remove(listener)
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A browser that goes away is no news."""


def serve(port=0):
    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def dump(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for (name, variant), context in samples.PAGES.items():
        context = {**context, "assets": URLS}
        (folder / f"{name}.{variant}.json").write_text(json.dumps(context, ensure_ascii=False))
        (folder / f"{name}.{variant}.html").write_text(render(name, context))


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--dump":
        dump(sys.argv[2])
    else:
        running = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
        print(f"http://127.0.0.1:{running.server_port}/", flush=True)
        threading.Event().wait()
