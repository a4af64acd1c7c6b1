#!/usr/bin/env python3
"""Fails on what the house rules forbid and neither the compiler nor the formatter notices: rules.py [FOLDER]."""

import pathlib
import re
import sys

from imports import code

LONGEST_FILE = 500
LOWEST = {"Redis", "Postgres", "Curl", "Cryptography", "Magic", "Platform"}
SCANNED = {".swift", ".py", ".bash", ".lua", ".sql"}

RULES = [  # (pattern, message, targets where it is allowed)
    (r"\bTask\s*\.\s*detached\b", "Task.detached: it escapes cancellation and errors", set()),
    (r"@unchecked\s+Sendable\b", "@unchecked Sendable belongs to the lowest modules", LOWEST),
    (r"\bnonisolated\s*\(\s*unsafe\s*\)", "nonisolated(unsafe) belongs to the lowest modules", LOWEST),
    (r"\bfatalError\s*\(", "fatalError: peers must not be able to end the process", set()),
    (r"\btry!|\bas!", "a forced try or cast traps", set()),
    (r"\bHTTPClient\b", "HTTPClient: only the client talks to addresses that it is given (H65)", {"Client", "Curl"}),
    (r"\bmetadata:\s*\[\s*:(?!\])|\bmetadataKey:\s*\]", "log metadata is named by LogKey", set()),
]
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X{3})\b")


def swift_breaches(path, text, target):
    plain = code(text)
    for pattern, message, allowed in RULES:
        if target in allowed:
            continue
        for found in re.finditer(pattern, plain):
            yield f"{path}:{plain.count(chr(10), 0, found.start()) + 1}: {message}"


def breaches(root):
    for top in ("Sources", "Tests", "compose", ".ci"):
        for path in sorted((root / top).rglob("*")):
            relative = path.relative_to(root)
            if not path.is_file() or relative.parts[:2] == ("Tests", "Lint"):
                continue
            if path.suffix not in SCANNED and top != "compose":
                continue
            text = path.read_text(errors="replace")
            if text.count("\n") > LONGEST_FILE:
                yield f"{path}: {text.count(chr(10))} lines, {LONGEST_FILE} at most"
            for found in UNFINISHED.finditer(text):
                yield f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {found.group()}: finish it, or file an issue"
            if path.suffix == ".swift" and top == "Sources":
                yield from swift_breaches(path, text, relative.parts[1])


def main():
    found = list(breaches(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) or "rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
