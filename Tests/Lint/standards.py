#!/usr/bin/env python3
"""Fails when the rows of docs/security.md and the numbers in the names of tests do not say the same: standards.py [FOLDER]."""

import pathlib
import re
import sys

NAME = re.compile(r'@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"')
ROW = re.compile(r"^\| ((?:H|ASVS )[\d.]+) \|.*\| ?([^|]*?) ?\|$", re.M)
FILE = re.compile(r"`(\w+(?:\.py)?)`")
METHOD = re.compile(r"^ *def (test_\w+)\(", re.M)
ASVS = re.compile(r"\bASVS((?:,? \d+\.\d+\.\d+)+)")


def numbers(text):
    """The numbers in the display names of a file's tests."""
    for name in NAME.findall(text):
        yield from re.findall(r"\bH\d+\b", name)
        for run in ASVS.findall(name):
            yield from ("ASVS " + number for number in re.findall(r"[\d.]+", run))


def methods(text):
    """The same of a file in Python: test_h59_…, test_asvs_3_4_1_…."""
    for name in METHOD.findall(text):
        yield from ("H" + number for number in re.findall(r"(?<![a-z0-9])h(\d+)(?![a-z0-9])", name))
        yield from ("ASVS " + number.replace("_", ".") for number in re.findall(r"_asvs_(\d+_\d+_\d+)(?![0-9])", name))


def breaches(root):
    named = {}
    for path in (root / "Tests").rglob("*Tests.swift"):
        named.setdefault(path.stem, set()).update(numbers(path.read_text()))
    for path in (root / "Tests").rglob("test_*.py"):
        named.setdefault(path.name, set()).update(methods(path.read_text()))
    rows = {}
    for number, cell in ROW.findall((root / "docs/security.md").read_text()):
        files = FILE.findall(cell)
        if number in rows:
            yield f"docs/security.md: {number} has two rows"
        rows[number] = set(files)
        if not files and not cell.startswith("none:"):
            yield f"docs/security.md: {number} names no test, nor says why there is none"
        for file in files:
            if number not in named.get(file, ()):
                yield f"docs/security.md: no test in {file} has {number} in its name"
    for file, held in sorted(named.items()):
        for number in sorted(held):
            if file not in rows.get(number, ()):
                yield f"docs/security.md: {number} in {file} has no row, or its row does not name the file"
    inputs = [int(number[1:]) for number in rows if number.startswith("H")]
    for number in sorted(set(range(min(inputs, default=0), max(inputs, default=0))) - set(inputs)):
        yield f"docs/security.md: there is no row for H{number}"


def main():
    found = list(breaches(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) or "standards: every row has its test")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
