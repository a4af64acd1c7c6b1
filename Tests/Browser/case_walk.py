"""One person's way through the whole of Sluice, in a real browser: from the registration to logging out for the last time."""

import hashlib
import os
import time

from support.waiting import until

IDLE, LIFETIME = 6, 15
# That its session is over a page learns by a refusal, which browsers write to their console.
OVER = r"(/session|/api/v1/\S+) - Failed to load resource: .* status of 401"


class Walk:
    def __init__(self, stage):
        self.stage = stage
        self.stack, self.browser = stage.stack, stage.browser
        self.person = stage.person("ada", "a bridge of nine words, or seven")
        self.screens = stage.screens("walk")
        folder = stage.make_folder("files")
        self.contents = {"notes on the engine.txt": b"What floats, passes.\n" * 40, "Übersicht – 2026 (1).csv": b"a;b\n1;2\n",
                         "large.bin": os.urandom(3 << 20)}
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)
        self.paths = [folder / name for name in self.contents]

    def check_complaints(self, *expected):
        complaints = self.person.complaints(*expected)
        assert not complaints, complaints

    def register(self):
        """A new account."""
        self.person.register()
        self.screens.take("register")
        self.person.send("/register")
        self.person.arrived("/login", "Log in")
        assert self.person.notice .startswith("Thank you. Log in with your new account.")
        self.check_complaints()

    def log_in(self):
        """Name, password and the letters of the picture; the code from the mail."""
        refresh = self.person.find("#captcha-field [data-part=refresh]")
        before = self.person.find("#captcha-field img").get_attribute("src")
        refresh.click()
        self.person.until("another picture", lambda: self.browser.js(
            "const image = document.querySelector('#captcha-field img'); return image.src !== arguments[0] && image.complete && image.naturalWidth > 0", before))
        self.person.fill_login()
        self.screens.take("login")
        self.person.send("/login")
        self.person.fill_code()
        self.screens.take("code")
        self.person.send("/login/code")
        self.person.arrived("/", "Files")
        assert self.person.is_shown("[data-part=none]")
        self.screens.take("home-empty")
        self.check_complaints()

    def upload(self):
        """Three files by drag and drop, seen to be sent, to be on their way, and to be stored: all in one and the same page."""
        # Nobody transfers them before they were seen waiting.
        self.stack.stop("worker")
        self.browser.js("window.isTheSamePage = true")
        self.browser.slow_down(600_000)
        self.browser.drop("#upload-form", self.paths)
        self.person.until("an upload's progress", lambda: self.browser.js(
            "return [...document.querySelectorAll('#uploads progress')].some((bar) => bar.value > 10 && bar.value < 60)"))
        self.screens.take("uploading")
        self.browser.slow_down(-1)
        self.person.until("three files on their way", lambda: self.person.files() == dict.fromkeys(self.contents, "staged"), 30)
        self.person.until("no upload is left", lambda: not self.person.is_shown("#uploads"))
        self.screens.take("staged")
        self.stack.start("worker")
        self.person.until("three stored files", lambda: self.person.files() == dict.fromkeys(self.contents, "stored"), 30)
        assert self.browser.js("return window.isTheSamePage"), "the page was loaded anew"
        self.screens.take("stored")
        assert len(self.stack.stored_objects()) == 3
        self.check_complaints()

    def search(self):
        """As one types, and back."""
        self.person.find("#search").send_keys("ÜBER")
        self.person.until("one file", lambda: list(self.person.files()) == ["Übersicht – 2026 (1).csv"])
        self.screens.take("search")
        self.person.find("#search").send_keys("x")
        self.person.until("no file", lambda: self.person.is_shown("[data-part=no-match]"))
        self.screens.take("search-without-match")
        self.person.find("#files [data-part=all]").click()
        self.person.until("all files", lambda: len(self.person.files()) == 3)
        assert self.browser.js("return window.isTheSamePage"), "the page was loaded anew"
        self.check_complaints()

    def download(self):
        """Each file comes back under its name, byte for byte."""
        for name, content in self.contents.items():
            self.person.row(name).find_element("css selector", "[data-part=download]").click()
            path = self.browser.downloads / name
            until(f"the download of {name}", lambda: path.exists() and path.stat().st_size == len(content), 30)
            found, sent = (hashlib.sha256(data).hexdigest() for data in (path.read_bytes(), content))
            assert found == sent, f"{name}: {found}, not {sent}"
        self.check_complaints()

    def delete(self):
        """Asked first; then it is gone from the page and from the FTP server."""
        name = "large.bin"
        self.person.row(name).find_element("css selector", "[data-part=delete] button").click()
        self.person.until("the question", lambda: self.person.is_shown("#confirm-dialog") and self.person.text("#confirm-dialog [data-part=name]") == name)
        self.screens.take("delete", whole=False)
        self.person.find("#confirm-dialog button[value=cancel]").click()
        self.person.until("no question", lambda: not self.person.is_shown("#confirm-dialog"))
        assert len(self.person.files()) == 3
        self.person.row(name).find_element("css selector", "[data-part=delete] button").click()
        self.person.find("#confirm-dialog button[value=confirm]").click()
        self.person.until("two files", lambda: name not in self.person.files() and len(self.person.files()) == 2)
        until("the object is gone", lambda: len(self.stack.stored_objects()) == 2, 30)
        self.screens.take("deleted")
        self.check_complaints()

    def account(self):
        """Who one is, where one is logged in, and what machines may do."""
        self.person.go("/account")
        self.person.arrived("/account", "Account")
        self.screens.take("account")
        self.check_complaints()

    def idle_out(self):
        """A page where nothing happens warns, and goes to the login, which says why."""
        self.change_limits(SLUICE_SESSION_IDLE=f"{IDLE}s")
        self.person.go("/")
        self.person.until("the warning", lambda: self.person.is_shown("#session-dialog"))
        self.screens.take("idle-warning", whole=False)
        self.person.arrived("/login", "Log in")
        assert self.person.notice == f"You were logged out because nothing happened for {IDLE} seconds.", self.person.notice
        self.screens.take("idle-over")
        self.check_complaints(OVER)

    def absolute_limit(self):
        """Whatever one does, a session has its end."""
        self.change_limits(SLUICE_SESSION_LIFETIME=f"{LIFETIME}s")
        self.person.go("/login")
        self.person.sign_in()
        self.person.until("the warning of this limit", lambda: self.person.is_shown("#session-absolute"))
        self.screens.take("absolute-warning", whole=False)

        def is_over():
            # Twice a second somebody does something.
            time.sleep(0.5)
            self.person.go("/account")
            return self.person.path() == "/login"
        self.person.until("the end of a session that is used all the time", is_over, LIFETIME + 10)
        self.person.arrived("/login", "Log in")
        assert self.person.notice == f"A session lasts at most {LIFETIME} seconds. Please log in again.", self.person.notice
        self.screens.take("absolute-over")
        self.check_complaints(OVER)

    def log_out(self):
        """The session is over for everybody, and the browser forgets what it kept."""
        self.change_limits()
        self.person.go("/login")
        self.person.sign_in()
        key = self.stage.session_key(self.person.session)
        self.browser.js("localStorage.setItem('kept', 'until the logout')")
        with self.stack.redis() as redis:
            assert redis("EXISTS", key) == 1
            self.person.send("/logout")
            self.person.arrived("/login", "Log in")
            assert redis("EXISTS", key) == 0
        assert self.person.notice == "You are logged out."
        self.screens.take("logged-out")
        answer = next(fields for fields in self.browser.raw_fields() if fields.get("location") == "/login?from=logout")
        assert answer["clear-site-data"] == '"cache", "storage"', answer
        assert self.browser.js("return localStorage.getItem('kept')") is None
        self.person.go("/account")
        self.person.arrived("/login", "Log in")
        self.check_complaints()

    def headers(self):
        """Every page came with the policy and is kept nowhere; no script, style or picture was refused."""
        pages = [(url, headers) for url, status, headers, kind in self.browser.responses()
                 if kind == "Document" and headers.get("content-type", "").startswith("text/html")]
        assert len(pages) > 10, pages
        for url, headers in pages:
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy, (url, policy)
            assert headers["cache-control"] == "no-store", (url, headers)
        faults = [(url, status) for url, status, _, kind in self.browser.responses()
                  if kind in ("Script", "Stylesheet", "Image", "Media", "Font") and status >= 400]
        assert not faults, faults

    def watchfulness(self):
        """That no complaint came up means something: what the policy forbids does come up."""
        self.browser.js("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))")
        complaints = self.person.complaints()
        assert any("Content Security Policy" in line for line in complaints), complaints
        assert not self.browser.js("return window.ran")

    def change_limits(self, **settings):
        # No page is open meanwhile that would see its server go.
        self.browser.driver.get("about:blank")
        self.check_complaints()
        self.stack.restart_web(**settings)

    STEPS = [register, log_in, upload, search, download, delete, account, idle_out, absolute_limit, log_out, headers, watchfulness]
