#!/usr/bin/env python3
"""Fails on an import that the architecture forbids: imports.py [FOLDER].

The table below is docs/architecture.md's source layout in another form; change both together. What a target may import
beyond it is what the manifest gives it, which `--explicit-target-dependency-import-check error` watches in the build.
"""

import pathlib
import re
import sys

# Our own modules that each target may import.
OURS = {
    "CHiredis": set(),
    "CPostgres": set(),
    "CCurl": set(),
    "COpenSSL": set(),
    "CGD": set(),
    "CMagic": set(),
    "Cryptography": {"COpenSSL"},
    "Platform": set(),
    "Redis": {"CHiredis", "Platform"},
    "Postgres": {"CPostgres", "Platform"},
    "Curl": {"CCurl", "Platform"},
    "Magic": {"CMagic", "Platform"},
    "Jobs": {"Redis", "Platform"},
    "Accounts": {"Postgres", "Redis", "CGD", "Cryptography", "Platform"},
    "Files": {"Postgres", "Redis", "Cryptography", "Platform"},
    "Outbox": {"Files", "Jobs", "Platform"},
    "Web": {"Accounts", "Files", "Jobs", "Outbox", "Cryptography", "Magic", "Platform"},
    "Worker": {"Accounts", "Files", "Jobs", "Outbox", "Curl", "Cryptography", "Platform"},
    "Client": {"Curl", "Cryptography", "Platform"},
    "CLI": {"Client", "Accounts", "Files", "Jobs", "Outbox", "Cryptography", "Platform"},
}

# Adapters that the composition root of an executable may import besides: its main file and one file that wires.
WIRING = {
    "Web": {"Redis", "Postgres"},
    "Worker": {"Redis", "Postgres"},
    "CLI": {"Redis", "Postgres", "Curl"},
}

# Modules of others that only some targets may import; a name ending in * stands for all that begin so.
RESERVED = {
    "Hummingbird*": {"Web"},
    "Mustache": {"Web"},
    "HTTPTypes": {"Web"},
    "ArgumentParser": {"Worker", "CLI"},
    "Configuration": {"Platform"},
    "NIOSSL": {"Redis"},
    "NIO*": {"Platform", "Redis", "Files", "Web", "Worker", "CLI"},
    "UnixSignals": {"Platform", "Web", "Worker", "CLI"},
    "AsyncHTTPClient": set(),
    "FoundationNetworking": set(),
    "Crypto": set(),
    "_CryptoExtras": set(),
}

C_MODULES = {name for name in OURS if re.match(r"C[A-Z]", name) and name != "CLI"}
IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var|actor)\s+)?(\w+)",
    re.MULTILINE,
)
# Comments and string literals, several lines included, hold no imports.
NOT_CODE = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*[\s\S]*?\*/')
MAIN = re.compile(r"^[ \t]*@main\b", re.MULTILINE)


def code(text):
    """The text without comments and literals, line breaks kept."""
    return NOT_CODE.sub(lambda match: "\n" * match.group().count("\n"), text)


def matches(pattern, name):
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def reserved_for(name):
    """The targets that may import a module of others, or None for all. The longest matching pattern counts."""
    patterns = [pattern for pattern in RESERVED if matches(pattern, name)]
    return RESERVED[max(patterns, key=len)] if patterns else None


def breaches_of_file(target, path, text):
    """Yields (line, message) and, for adapters in an executable, (line, None): allowed in the composition root only."""
    for found in IMPORT.finditer(text):
        name = found.group(1)
        line = text.count("\n", 0, found.start(1)) + 1
        allowed = reserved_for(name)
        if name in OURS and name != target and name not in OURS[target]:
            if name in WIRING.get(target, ()):
                yield line, name, None
            else:
                yield line, name, f"{target} must not import {name}"
        elif allowed is not None and target not in allowed:
            yield line, name, f"{target} must not import {name}"


def breaches_of_target(target, folder):
    wiring = {}
    for path in sorted(folder.rglob("*.swift")):
        text = code(path.read_text(errors="replace"))
        is_main = path.name == "main.swift" or MAIN.search(text)
        for line, name, message in breaches_of_file(target, path, text):
            if message:
                yield f"{path}:{line}: {message}"
            elif not is_main:
                wiring.setdefault(path, []).append((line, name))
    if len(wiring) > 1:
        for path, found in wiring.items():
            for line, name in found:
                yield f"{path}:{line}: only the composition root of {target} may import {name}: its main file and one other"


def breaches_of_tests(folder):
    for path in sorted(folder.rglob("*.swift")):
        text = code(path.read_text(errors="replace"))
        for found in IMPORT.finditer(text):
            line = text.count("\n", 0, found.start(1)) + 1
            if found.group(1) in C_MODULES:
                yield f"{path}:{line}: a test must not import {found.group(1)}: only its adapter does"
            if "@testable" in found.group():
                yield f"{path}:{line}: @testable: make it package instead, the tests are built for release too"


def breaches(root):
    for folder in sorted(path for path in (root / "Sources").iterdir() if path.is_dir()):
        if folder.name in OURS:
            yield from breaches_of_target(folder.name, folder)
        else:
            yield f"{folder}: this target is not in the table of {pathlib.Path(__file__).name}"
    if (root / "Tests").is_dir():
        yield from breaches_of_tests(root / "Tests")


def main():
    found = list(breaches(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) or "imports: none is forbidden")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
