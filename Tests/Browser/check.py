#!/usr/bin/python3 -B
"""Does with the real system, in a real browser, what people do with it. Run it as `make check-browser`.

    compose/local/with-servers Tests/Browser/check.py [CASE…]     CASE: walk, life, secrets

It takes Debian's chromium, chromium-driver and python3-selenium (`compose/local/packages --browser`), and the three programs
(SLUICE_TEST_BIN, or .build/release). Pictures of each step land in .build/screens.
"""

import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from case_life import Life  # noqa: E402
from case_secrets import Secrets  # noqa: E402
from case_walk import Walk  # noqa: E402
from support.stage import Stage  # noqa: E402

# In this order: the last one looks for the secrets of all.
CASES = {"walk": Walk, "life": Life, "secrets": Secrets}


def play(stage, name, case):
    """Step by step; what comes after a step that failed has no ground to stand on. Returns how many passed and how many did not."""
    stage.begin()
    for number, step in enumerate(case.STEPS):
        title = f"{name}: {step.__name__.replace('_', ' ')}"
        start = time.monotonic()
        try:
            step(case)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            print(f"FAILED {title}")
            show_ground(stage, f"{name}-failed")
            return number, len(case.STEPS) - number
        print(f"ok     {title} ({time.monotonic() - start:.1f} s)", flush=True)
    return len(case.STEPS), 0


def show_ground(stage, name):
    """What there is to look at after a failure."""
    try:
        print(f"the page is {stage.browser.driver.current_url}; its console: {stage.browser.complaints()}")
        stage.screens(name).take("page", whole=False)
    except Exception as error:
        print(f"no picture: {error}")
    for log in ("web", "worker"):
        lines = (stage.stack.state / f"logs/{log}.log").read_text(errors="replace").splitlines()
        print(f"the end of {log}.log:", *lines[-8:], sep="\n  ", flush=True)


def main():
    names = sys.argv[1:] or list(CASES)
    passed = failed = 0
    with Stage() as stage:
        for name in names:
            good, bad = play(stage, name, CASES[name](stage))
            passed, failed = passed + good, failed + bad
    print(f"browser: {passed} steps passed, {failed} failed or not reached")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
