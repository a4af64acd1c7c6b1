"""Renders the templates as swift-mustache does, and names the assets by their digests as the server does."""

import hashlib
import pathlib
import re

import chevron

ROOT = pathlib.Path(__file__).resolve().parents[3] / "Sources/Web/Pages"
TEMPLATES = ROOT / "Templates"
ASSETS = ROOT / "Assets"

KEYS = {"sluice.css": "style", "mark.svg": "icon"}
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

PARENT = re.compile(r"\{\{<(\S+?)\}\}(.*)\{\{/\1\}\}\s*$", re.S)
BLOCK = re.compile(r"\{\{\$(\w+)\}\}\n?(.*?)\{\{/\1\}\}\n?", re.S)


def load_assets():
    """(urls by key, bodies by path). Imports are rewritten leaves first, so a digest covers what a module imports."""
    sources = {path.name: path.read_bytes() for path in ASSETS.iterdir() if path.suffix in TYPES}
    paths, bodies = {}, {}

    def publish(name):
        if name in paths:
            return paths[name]
        body = sources[name]
        if name.endswith(".js"):
            text = body.decode()
            text = re.sub(r'(from |import )"\./([\w.-]+)"', lambda m: f'{m[1]}"{publish(m[2])}"', text)
            body = text.encode()
        stem, suffix = name.rsplit(".", 1)
        paths[name] = f"/assets/{stem}.{hashlib.sha256(body).hexdigest()[:16]}.{suffix}"
        bodies[paths[name]] = (TYPES["." + suffix], body)
        return paths[name]

    urls = {KEYS.get(name, name.rsplit(".", 1)[0]): publish(name) for name in sources}
    return urls, bodies


def template(name):
    """The text of a template with its layout's blocks filled in, which chevron does not know."""
    text = (TEMPLATES / f"{name}.mustache").read_text()
    parent = PARENT.match(text)
    if not parent:
        return text
    blocks = {m[1]: m[2] for m in BLOCK.finditer(parent[2])}
    return BLOCK.sub(lambda m: blocks.get(m[1], m[2]), template(parent[1]))


def render(name, context):
    return chevron.render(template(name), context, partials_path=str(TEMPLATES), partials_ext="mustache")
