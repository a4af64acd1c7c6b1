"""Takes a picture of every page in every condition: light and dark, 1280 and 390 pixels wide, into shots/.

    python3 shots.py [WORD…]     only what has one of the words in its name; "live" takes the moving conditions
"""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mock import samples  # noqa: E402
from mock.browser import Browser  # noqa: E402
import server  # noqa: E402

SHOTS = pathlib.Path(__file__).resolve().parents[2] / ".build/screens"
LOOKS = [(width, dark) for width in (1280, 390) for dark in (False, True)]


def wanted(name, words):
    return not words or any(word in name for word in words)


def save(browser, name, width, dark, whole=True):
    browser.shoot(SHOTS / f"{name}.{width}.{'dark' if dark else 'light'}.png", whole)
    overflow = browser.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        print(f"OVERFLOW {name} {width}: {overflow} px")
    for line in browser.complaints():
        print(f"CONSOLE {name}: {line}")


def stills(browser, base, words):
    for template, variant in samples.PAGES:
        for suffix, query in (("", ""), ("-long", "?long=1")):
            name = f"{template}-{variant}{suffix}"
            if not wanted(name, words) or (suffix and variant not in ("plain", "full")):
                continue
            server.state.files = {} if variant == "empty" else {f["id"]: dict(f) for f in (samples.FILES[2:4] if variant == "errors" else samples.FILES)}
            for width, dark in LOOKS:
                if suffix and dark:
                    continue
                browser.look(width, dark)
                browser.driver.get(f"{base}/_/{template}/{variant}{query}")
                time.sleep(0.15)
                save(browser, name, width, dark)


CHOOSE = """
const input = document.getElementById("upload-input"), box = new DataTransfer();
for (const [name, size] of arguments[0]) box.items.add(new File([new Uint8Array(size)], name));
input.files = box.files;
input.dispatchEvent(new Event("change"));
"""
DRAG = """
const box = new DataTransfer(); box.items.add(new File(["x"], "x"));
window.dispatchEvent(new DragEvent("dragenter", { dataTransfer: box, bubbles: true }));
"""


def live(browser, base, words):
    """Conditions that only a person's doing brings about."""
    for width, dark in LOOKS:
        browser.look(width, dark)
        server.state.files = {f["id"]: dict(f) for f in samples.FILES}
        shoot = lambda name, whole=True: save(browser, name, width, dark, whole)

        browser.driver.get(f"{base}/")
        browser.js(CHOOSE, [["slow-" + samples.LONG, 4_000_000], ["slow-pictures.zip", 6_000_000], ["busy-minutes.md", 900],
                            ["huge.iso", 400], ["lost.pdf", 800], ["slow-b.bin", 1_000_000], ["slow-c.bin", 2_000_000]])
        time.sleep(0.6)
        browser.js(DRAG)
        shoot("live-uploading")
        # Else its files turn up in the pictures that follow.
        browser.js("for (const b of document.querySelectorAll('#uploads [data-part=cancel]')) b.click()")

        browser.driver.get(f"{base}/_/home/plain")
        time.sleep(0.2)
        browser.js("document.querySelector('tbody tr:nth-child(4) form button').click()")
        time.sleep(0.3)
        shoot("live-delete", whole=False)

        browser.driver.get(f"{base}/_/account/full?left=45")
        time.sleep(1.0)
        shoot("live-session", whole=False)

        browser.driver.get(f"{base}/_/login/plain")
        browser.js("document.querySelector('[data-reveal]').click()")
        time.sleep(0.1)
        shoot("live-reveal", whole=False)

        server.state.ends = time.time() + 1800
        browser.scripting(False)
        browser.driver.get(f"{base}/_/home/plain")
        browser.shoot(SHOTS / f"live-noscript-home.{width}.{'dark' if dark else 'light'}.png")
        browser.driver.get(f"{base}/_/login/plain")
        browser.shoot(SHOTS / f"live-noscript-login.{width}.{'dark' if dark else 'light'}.png")
        browser.scripting(True)


def main():
    words = sys.argv[1:]
    SHOTS.mkdir(parents=True, exist_ok=True)
    running = server.serve()
    base = f"http://127.0.0.1:{running.server_port}"
    with Browser() as browser:
        if words != ["live"]:
            stills(browser, base, words)
        if not words or "live" in words:
            live(browser, base, words)
    running.shutdown()


if __name__ == "__main__":
    main()
