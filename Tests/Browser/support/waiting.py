"""Waiting for what another process does. Only limits that a correct program never reaches are stretched by SLUICE_TEST_PATIENCE."""

import os
import time

PATIENCE = max(1, int(os.environ.get("SLUICE_TEST_PATIENCE") or 1))


class NotInTime(AssertionError):
    pass


def until(what, condition, seconds=15, ignoring=()):
    """Looks again and again until `condition` answers something true, and returns that."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        try:
            if found := condition():
                return found
        except ignoring:
            pass
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(0.03)
