"""Does what a person does, against the mock: uploads, searches, sorts, deletes, waits, and goes without JavaScript.

    python3 check_behaviour.py [NAME…]
"""

import pathlib
import sys
import tempfile
import time

from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mock import samples  # noqa: E402
from mock.browser import Browser  # noqa: E402
from shots import CHOOSE  # noqa: E402
import server  # noqa: E402

NAMES = "return [...document.querySelectorAll('tbody [data-part=name]')].map((e) => e.textContent)"


class Person:
    def __init__(self, browser, base):
        self.browser, self.base, self.js = browser, base, browser.js

    def go(self, path):
        self.browser.driver.get(self.base + path)

    def find(self, selector):
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.js("return document.querySelector(arguments[0])?.textContent.trim()", selector)

    def names(self):
        return self.js(NAMES)

    def shown(self, selector):
        return self.js("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def path(self):
        return self.js("return location.pathname + location.search")

    def until(self, what, condition, seconds=6):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if condition():
                    return
            except (StaleElementReferenceException, JavascriptException):
                pass
            time.sleep(0.05)
        raise AssertionError(f"never: {what}")


def upload(p):
    """Many files, each from its progress to stored; the busy server is waited for; refusals say why."""
    p.go("/")
    p.js(CHOOSE, [["one.txt", 10], ["busy-two.txt", 10], ["huge.iso", 10], ["bad.bin", 10], ["a/b?c#d%.txt", 3], ["empty", 0]])
    p.until("the first is stored", lambda: p.js("return [...document.querySelectorAll('tbody tr')].some((r) => r.textContent.includes('one.txt') && r.textContent.includes('Stored'))"))
    p.until("the odd name arrives", lambda: "a:b?c#d%.txt" in p.names() or "a/b?c#d%.txt" in p.names())
    p.until("the empty file arrives", lambda: "empty" in p.names())
    p.until("the busy one arrives in the end", lambda: "busy-two.txt" in p.names(), 10)
    assert "too large: at most 5 GB" in p.text("#uploads"), p.text("#uploads")
    assert p.text("#uploads-title") == "Not uploaded"
    p.until("the bad one fails", lambda: p.js("return [...document.querySelectorAll('tbody tr')].some((r) => r.textContent.includes('bad.bin') && r.textContent.includes('Failed') && r.querySelector('.failure').checkVisibility())"))
    assert len(p.names()) == len(set(p.js("return [...document.querySelectorAll('tbody tr')].map((r) => r.dataset.id)"))), "a row twice"
    p.find("#uploads [data-part=clear]").click()
    assert not p.shown("#uploads")


def unknown(p):
    """A lost answer is asked for again under the same key, so the file is there once; whoever never gets one is told."""
    for name in ("lost.bin", "gateway.bin", "cut.bin"):
        p.go("/")
        p.js(CHOOSE, [[name, 10]])
        p.until(f"{name} is answered", lambda: not p.shown("#uploads"), 10)
        p.until(f"{name} is there", lambda: name in p.names())
        assert p.names().count(name) == 1, p.names()
    p.go("/")
    p.js(CHOOSE, [["dead.bin", 10]])
    p.until("it is tried again", lambda: "The connection was lost, trying again" in (p.text("#uploads") or ""))
    p.until("it gives up in the end", lambda: "may have arrived; trying again will not" in (p.text("#uploads") or ""), 60)
    assert p.shown("#uploads [data-part=retry]")


def markup(p):
    """Names are text, whatever they hold."""
    p.go("/")
    p.js(CHOOSE, [["<b>bold</b>\u202egpj.exe", 1]])
    p.until("it arrives", lambda: any("<b>bold</b>" in n for n in p.names()))
    p.until("no upload holds the page", lambda: not p.shown("#uploads"))
    assert p.js("return document.querySelectorAll('tbody b, tbody img').length") == 0


def search(p):
    """As you type; the address follows; nothing found says so; the way back."""
    p.go("/")
    p.find("#search").send_keys("SCAN-01")
    p.until("ten files", lambda: len(p.names()) == 10 and all("scan-01" in n for n in p.names()))
    assert p.path() == "/?search=SCAN-01", p.path()
    p.until("it is said", lambda: p.text("#status") == "10 files shown.")
    p.find("#search").send_keys("zzz")
    p.until("nothing", lambda: p.shown("[data-part=no-match]") and p.text("[data-part=term]") == "SCAN-01zzz")
    p.find("[data-part=all]").click()
    p.until("all again", lambda: len(p.names()) == 50)
    assert p.path() == "/" and p.js("return document.activeElement.id") == "search"


def sorting(p):
    """By the heads of the columns, and back."""
    p.go("/")
    p.find("[data-sort-by=size]").click()
    p.until("largest first", lambda: p.names()[0].startswith("backup-2026"))
    assert p.js("return document.querySelector('.col-size').ariaSort") == "descending"
    p.find("[data-sort-by=size]").click()
    p.until("smallest first", lambda: p.names()[0] in ("empty.txt", "empty"))
    assert p.path() == "/?sort=size" and p.js("return document.querySelector('.col-added').ariaSort") == "none"
    p.js(CHOOSE, [["tiny.txt", 2]])
    p.until("a new file goes where it belongs", lambda: "tiny.txt" in p.names() and p.names().index("tiny.txt") < 4)


def paging(p):
    """More by the cursor, each file once, to the end."""
    p.go("/?search=scan")
    assert len(p.names()) == 50
    p.find("[data-part=next]").click()
    p.until("all", lambda: len(p.names()) == 70)
    assert len(set(p.names())) == 70 and not p.shown("[data-part=next]")


def part(p):
    """A page that begins further down stays what it is, whatever is missed or new; a search begins at the top."""
    p.go("/?search=scan&cursor=50")
    names = p.names()
    assert len(names) == 20
    time.sleep(1)
    p.js("document.dispatchEvent(new CustomEvent('sluice:missed'))")
    new = samples.file(999, "scan-new.tiff", 5, "stored", -1)
    server.state.files[new["id"]] = new
    server.state.tell("file", new)
    time.sleep(1)
    assert p.names() == names and p.path() == "/?search=scan&cursor=50", (len(p.names()), p.path())
    p.find("#search").send_keys("-")
    p.until("all from the top", lambda: len(p.names()) == 50 and p.path() == "/?search=scan-")


def many(p):
    """More rows than one answer holds are kept when the list is looked at again, and their states are as new."""
    for n in range(600):
        old = samples.file(1000 + n, f"many-{n:03}.bin", 1, "stored", 90000 + n)
        server.state.files[old["id"]] = old
    p.go("/?search=many")
    for shown in range(100, 601, 50):
        p.js("document.querySelector('[data-part=next]').click()")
        p.until(f"{shown} rows", lambda: len(p.names()) == shown)
    first, last = p.names()[0], p.names()[-1]
    with server.state.lock:
        next(f for f in server.state.files.values() if f["name"] == first).update(state="failed", failure="It was.")
    p.js("document.dispatchEvent(new CustomEvent('sluice:missed'))")
    p.until("the state of the first is new", lambda: p.text("tbody tr [data-part=state]") == "Failed")
    assert len(p.names()) == 600 and p.names()[-1] == last
    assert not p.shown("[data-part=next]")


def deleting(p):
    """Asked first, by keyboard; the focus stays near; other tabs hear of it."""
    p.go("/")
    first, second = p.names()[:2]
    p.find("tbody tr:first-child form button").send_keys(Keys.ENTER)
    p.until("it asks", lambda: p.shown("#confirm-dialog") and p.text("#confirm-dialog [data-part=name]") == first)
    p.find("#confirm-dialog button[value=cancel]").send_keys(Keys.ESCAPE)
    p.until("nothing happens", lambda: not p.shown("#confirm-dialog"))
    assert p.names()[0] == first
    p.find("tbody tr:first-child form button").click()
    p.find("#confirm-dialog button[value=confirm]").click()
    p.until("it is gone", lambda: p.names()[0] == second)
    p.until("the focus is on its neighbour", lambda: p.js("return document.activeElement.closest('tr')?.dataset.id") == p.js("return document.querySelector('tbody tr').dataset.id"))
    gone = p.js("return document.querySelector('tbody tr').dataset.id")
    server.state.files.pop(gone)
    server.state.tell("gone", {"id": gone})
    p.until("deleted elsewhere", lambda: p.js("return document.querySelector('tbody tr').dataset.id") != gone)


def polling(p):
    """Without events the list is asked for."""
    server.state.events_down = True
    try:
        p.go("/")
        time.sleep(0.5)
        server.state.accept("unheard.txt", 5)
        p.until("it turns up", lambda: "unheard.txt" in p.names(), 8)
    finally:
        server.state.events_down = False


def staying(p):
    """A warning a minute ahead; staying is one key away."""
    p.go("/account?left=40")
    p.until("the warning", lambda: p.shown("#session-dialog") and "seconds" in p.text("#session-idle [data-part=left]"))
    assert p.js("return document.activeElement.dataset.part") == "stay"
    p.find("#session-dialog [data-part=stay]").send_keys(Keys.ENTER)
    p.until("it goes", lambda: not p.shown("#session-dialog"))
    assert server.state.ends > time.time() + 1700
    assert p.js("return document.title") == "Account · Sluice"


def ending(p):
    """At the end the page goes to the login, which says why."""
    p.go("/?left=3")
    p.until("the login", lambda: p.path() == "/login", 8)
    assert "logged out" in p.text(".notice"), p.text(".notice")


def leaving(p):
    """A page whose session is found to be over warns of nothing while the login is on its way."""
    p.go("/account?left=62")
    p.js("sessionStorage.clear(); new MutationObserver(() => { sessionStorage.warned = 1; }).observe("
         "document.querySelector('#session-dialog'), { attributes: true, attributeFilter: ['open'] })")
    server.state.ends, server.state.pause = time.time() - 1, 2
    p.until("the login", lambda: p.path() == "/login", 10)
    assert p.js("return sessionStorage.warned") is None


def elsewhere(p):
    """What another tab does keeps this one too."""
    p.go("/account?left=62")
    server.state.ends = time.time() + 900
    time.sleep(3.5)
    assert not p.shown("#session-dialog")


def captcha(p):
    """A new picture keeps what was typed elsewhere."""
    p.go("/login")
    p.find("#login").send_keys("miami")
    before = p.js("return document.querySelector('#captcha-field img').src")
    p.find("[data-part=refresh]").click()
    p.until("another", lambda: p.js("return document.querySelector('#captcha-field img').src") != before)
    p.until("it is said", lambda: p.text("#captcha-field [data-part=note]") == "Here is a new picture.")
    identifier = p.js("return document.querySelector('#captcha-field [data-part=id]').value")
    assert identifier in p.js("return document.querySelector('#captcha-field img').src") and p.js("return document.querySelector('#login').value") == "miami"
    p.find("[data-part=listen]").click()
    p.until("it plays", lambda: p.js("return document.querySelector('[data-part=listen]').ariaPressed") == "true")


def code(p):
    """The clock runs, the cooldown holds, blanks do not matter."""
    p.go("/login/code")
    first = p.text("#code-life")
    p.until("the clock runs", lambda: p.text("#code-life") != first)
    p.find(".resend button").click()
    assert p.path() == "/login/code"
    p.until("it says why not", lambda: "another code in" in p.text("#status"))
    p.find("#code").send_keys(" 123 456 ")
    assert p.js("return document.querySelector('#code').value") == "123456"
    p.find("form.stack .button").click()
    p.until("home", lambda: p.path() == "/")


def mail(p):
    """What became of the mail turns up without a reload, and is asked for until it is certain."""
    p.go("/login/code")
    assert not p.shown("#mail-state")
    for delivery, text in (("delayed", "The mail is late."), ("accepted", None)):
        server.state.mail = {"delivery": delivery, "text": text}
        p.until(delivery, lambda: p.shown("#mail-state") == (text is not None) and p.text("#mail-state") == (text or ""), 12)
    server.state.mail = {"delivery": "refused", "text": "Too late."}
    time.sleep(6)
    assert not p.shown("#mail-state")


def late(p):
    """Where no code is awaited any more, the page goes to the login."""
    server.state.mail = None
    p.go("/login/code")
    p.until("the login", lambda: p.path() == "/login", 8)


def tokens(p):
    """Made, shown once, revoked after a question."""
    p.go("/account")
    p.find("#token_name").send_keys("My <script>")
    p.find("#token_password").send_keys("correct horse")
    p.find("form[action='/account/tokens'] .button").click()
    p.until("shown", lambda: (p.js("return document.querySelector('#new-token')?.value") or "").startswith("slc_"))
    p.find(".rows form[data-confirm] button").click()
    p.until("it asks", lambda: p.shown("#confirm-dialog") and p.text("#confirm-dialog [data-part=name]") == "My <script>")
    p.find("#confirm-dialog button[value=confirm]").click()
    p.until("revoked", lambda: "My <script>" not in p.text("main"))


def reveal(p):
    """A password can be looked at."""
    p.go("/register")
    p.find("#password").send_keys("correct horse")
    p.find("[data-reveal]").click()
    assert p.js("return document.querySelector('#password').type") == "text" and p.text("[data-reveal]").startswith("Hide")


def keyboard(p):
    """Skip link, then the drop zone by its field."""
    p.go("/")
    body = p.find("body")
    body.send_keys(Keys.TAB)
    assert p.js("return document.activeElement.className") == "skip"
    p.js("document.activeElement.click()")
    assert p.js("return document.activeElement.id") == "main"
    p.browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert p.js("return document.activeElement.id") == "upload-input"
    assert p.js("return getComputedStyle(document.querySelector('.drop')).outlineStyle") == "solid"


def without(p):
    """No JavaScript: upload, search, sort and delete by forms and links."""
    p.browser.scripting(False)
    try:
        p.go("/")
        path = pathlib.Path(tempfile.gettempdir()) / "sluice-by-form.txt"
        path.write_text("hello")
        p.find("#upload-input").send_keys(str(path))
        p.find("[data-part=submit]").click()
        page = lambda: p.browser.driver.page_source
        p.until("listed", lambda: "sluice-by-form.txt" in page())
        path.unlink()
        p.find("#search").send_keys("by-form")
        p.find("#search-form button").click()
        p.until("found", lambda: "search=by-form" in p.browser.driver.current_url)
        p.find("[data-sort-by=name]").click()
        p.until("sorted", lambda: "search=by-form&sort=name" in p.browser.driver.current_url)
        p.find("tbody form button").click()
        p.until("asked", lambda: "Delete this file?" in page())
        p.find(".actions .danger").click()
        p.until("gone", lambda: "sluice-by-form.txt" not in page())
    finally:
        p.browser.scripting(True)


CASES = [upload, unknown, markup, search, sorting, paging, part, many, deleting, polling, staying, leaving, elsewhere, ending, captcha, code,
         mail, late, tokens, reveal, keyboard, without]
EXPECTED = ("503", "413", "/login/code/mail", "ERR_EMPTY_RESPONSE")


def main():
    wanted = sys.argv[1:]
    running = server.serve()
    failed = passed = 0
    with Browser() as browser:
        browser.look(1280)
        for case in CASES:
            if wanted and case.__name__ not in wanted:
                continue
            server.state.__init__()
            try:
                case(Person(browser, f"http://127.0.0.1:{running.server_port}"))
                surprises = [line for line in browser.complaints() if not any(code in line for code in EXPECTED)]
                assert not surprises, surprises
                passed += 1
            except Exception as error:
                failed += 1
                print(f"FAILED {case.__name__}: {type(error).__name__} {str(error).partition(chr(10))[0][:300]}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
