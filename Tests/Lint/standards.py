#!/usr/bin/env python3
"""Fails when the rows of docs/security.md and the numbers in the names of tests do not say the same: standards.py [FOLDER]."""

import pathlib
import re
import sys

NAME = re.compile(r'@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"')
ROW = re.compile(r"^\| ((?:H|ASVS )[\d.]+) \|.*\| ?([^|]*?) ?\|$", re.M)
FILE = re.compile(r"`(\w+)`")
ASVS = re.compile(r"\bASVS((?:,? \d+\.\d+\.\d+)+)")


def numbers(text):
    """The numbers in the display names of a file's tests."""
    for name in NAME.findall(text):
        yield from re.findall(r"\bH\d+\b", name)
        for run in ASVS.findall(name):
            yield from ("ASVS " + number for number in re.findall(r"[\d.]+", run))


def breaches(root):
    named = {}
    for path in (root / "Tests").rglob("*Tests.swift"):
        named.setdefault(path.stem, set()).update(numbers(path.read_text()))
    rows = {}
    for number, cell in ROW.findall((root / "docs/security.md").read_text()):
        files = FILE.findall(cell)
        rows[number] = set(files)
        if not files and not cell.startswith("none:"):
            yield f"docs/security.md: {number} names no test, nor says why there is none"
        for file in files:
            if number not in named.get(file, ()):
                yield f"docs/security.md: no test in {file} has {number} in its name"
    for file, held in sorted(named.items()):
        for number in sorted(held):
            # Other rows of hostile inputs need no table: their number finds the test.
            if file not in rows.get(number, {file} if number.startswith("H") else ()):
                yield f"docs/security.md: {number} in {file} has no row, or its row does not name the file"


def main():
    found = list(breaches(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) or "standards: every row has its test")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
