"""Checks the pages in a browser: axe-core (if axe-playwright-python is installed), headings, labels, overflow, order of focus.

    python3 check_pages.py [PART/OF…]      PART is the number of a slice, as 1/3
"""

import importlib.util
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mock import samples  # noqa: E402
from mock.browser import Browser  # noqa: E402
import server  # noqa: E402

def axe_source():
    """axe-core as the package axe-playwright-python carries it; None without. The package itself is not imported."""
    package = importlib.util.find_spec("axe_playwright_python")
    return (pathlib.Path(package.origin).parent / "axe.min.js").read_text() if package else None


AXE = axe_source()
RUN_AXE = """
const done = arguments[0];
axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
  .then(done, (error) => done({ violations: [{ id: String(error), nodes: [] }], incomplete: [] }));
"""

STRUCTURE = """
const faults = [];
const seen = (e) => e.checkVisibility();
const headings = [...document.querySelectorAll("h1,h2,h3,h4")].filter(seen);
if (headings.filter((h) => h.localName === "h1").length !== 1) faults.push("not exactly one h1");
headings.reduce((last, h) => { const level = Number(h.localName[1]); if (level > last + 1) faults.push("heading jumps: " + h.textContent); return level; }, 0);
for (const e of document.querySelectorAll("input:not([type=hidden]):not([hidden]), select")) {
  if (!e.labels.length) faults.push("no label: " + e.name);
  for (const id of (e.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)) if (!document.getElementById(id)) faults.push("describedby without target: " + id);
}
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of new Set(ids)) if (ids.filter((i) => i === id).length > 1) faults.push("id twice: " + id);
for (const e of document.querySelectorAll("[style]")) faults.push("style attribute: " + e.localName);
for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (a.name.startsWith("on")) faults.push("handler attribute: " + a.name);
for (const e of document.querySelectorAll("a, button, input:not([type=hidden]), select")) {
  if (!seen(e)) continue;
  const box = e.getBoundingClientRect();
  if (e.closest(".skip") || (e.localName === "a" && e.closest("p, li.item, .notice"))) continue;
  if (box.width < 24 || box.height < 24) faults.push(`target ${Math.round(box.width)}x${Math.round(box.height)}: ${e.textContent.trim()}`);
}
if (!document.title.includes("Sluice")) faults.push("title");
if (!document.documentElement.lang) faults.push("lang");
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide > 0) faults.push("overflow " + wide);
return faults;
"""

# Tabs through the page and reports where the focus is not shown or jumps back up.
FOCUS = """
const order = [...(document.querySelector("dialog:modal") ?? document).querySelectorAll("a[href], button, input, select, audio, [tabindex='0']")].filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.type !== "hidden" && e.tabIndex >= 0);
const faults = [];
let last = null;
for (const e of order) {
  e.focus({ focusVisible: true });
  if (document.activeElement !== e) { faults.push("cannot be focused: " + e.outerHTML.slice(0, 80)); continue; }
  const shown = [e, e.closest(".drop")].filter(Boolean).some((x) => { const s = getComputedStyle(x); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; });
  if (!shown) faults.push("focus not shown: " + e.outerHTML.slice(0, 80));
  const box = e.getBoundingClientRect();
  if (last && box.bottom + scrollY < last.top - 1 && !e.closest(".inset")) faults.push("focus jumps up: " + e.outerHTML.slice(0, 80));
  last = { top: box.top + scrollY };
}
for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) faults.push("tabindex > 0");
return faults;
"""


def check(browser, name):
    faults = browser.js(STRUCTURE) + browser.js(FOCUS)
    browser.js("scrollTo(0, 0); document.activeElement?.blur()")
    if AXE:
        browser.js(AXE)
        result = browser.driver.execute_async_script(RUN_AXE)
        for violation in result["violations"]:
            faults += [f"axe {violation['id']}: {node['html'][:100]}" for node in violation["nodes"][:3] or [{"html": ""}]]
        faults += [f"axe is unsure, {unsure['id']}: {unsure['nodes'][0]['html'][:100]}" for unsure in result["incomplete"]
                   # Behind a dialog it cannot tell the colour of the ground; check_contrast.py can.
                   if unsure["id"] != "color-contrast"]
    faults += browser.complaints()
    for fault in faults:
        print(f"{name}: {fault}")
    return len(faults)


def main():
    part, of = (int(n) for n in (sys.argv[1] if len(sys.argv) > 1 else "1/1").split("/"))
    running = server.serve()
    base = f"http://127.0.0.1:{running.server_port}"
    total = pages = 0
    with Browser() as browser:
        # axe is injected as a script, which the pages' own policy refuses from elsewhere than themselves.
        browser.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        for template, variant in list(samples.PAGES)[part - 1::of]:
            server.state.files = {} if variant == "empty" else {f["id"]: dict(f) for f in samples.FILES}
            for width, dark in ((1280, False), (390, True)):
                browser.look(width, dark)
                browser.driver.get(f"{base}/_/{template}/{variant}")
                total += check(browser, f"{template}/{variant} {width} {'dark' if dark else 'light'}")
                pages += 1
            # 1280 pixels at 400 % (WCAG 1.4.10), in a language with longer words.
            browser.look(320, False)
            browser.driver.get(f"{base}/_/{template}/{variant}?long=1")
            wide = browser.js("return document.documentElement.scrollWidth - 320")
            if wide > 0:
                print(f"{template}/{variant} 320: overflow {wide}")
                total += 1
        if part == 1:
            browser.look(390, False)
            browser.driver.get(f"{base}/_/home/plain")
            browser.js("document.querySelector('tbody form button').click()")
            total += check(browser, "the dialog that asks")
            browser.driver.get(f"{base}/_/account/full?left=40")
            browser.js("return new Promise((done) => setTimeout(done, 800))")
            total += check(browser, "the dialog of the session")
    print(f"{pages} pages, {total} faults{'' if AXE else ', without axe'}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
