#!/usr/bin/env python3
"""Measures pages beside the Django peer, in turns in one run: GET requests per second, 16 at a time.

    pages.py FOLDER [OPTION …]

FOLDER is that of bench_uploads.py, which brings servers, client, the peer and the table; the options are its own, for instance
`--repeat 3 --seconds 4`. Run it with the Python that the peer needs. Both sites sit behind no proxy here, and both get the same
requests:

    login       the login page for a browser without cookies: a session and a captcha each, of which Sluice keeps nothing
    home        the first page behind the session's check, of a user without files; the peer's loads its list by a request of its own
    files       a user with 10,000 files: with Sluice the home page with 50 of them, with the peer 50 of them as JSON
    API         50 of the 10,000 as JSON with both
    session     how long the session lasts, as the page's script asks: the session's check and nothing else; Sluice only
    asset       the icon, out of memory and without a session: what the server itself costs; Sluice only
"""

import json
import pathlib
import re
import sys

import sign_in_stand

HERE = pathlib.Path(__file__).resolve().parent
KEY = json.loads((HERE / "uploads.json").read_text())["environment"]["SLUICE_SIGN_IN_KEY"]
CONNECTIONS = 16
ROWS = [("login", "login page"), ("home", "home page without files"), ("files", "50 of 10,000 files, as the first page shows them"),
        ("API", "50 of 10,000 files, as JSON"), ("session", "the session's check alone"), ("asset", "the icon, with no check at all")]


def sluice_pages(run, server):
    """What to ask for: path and headers."""
    site = sign_in_stand.Site(server.port, server.host, server.fill(server.c["environment"]["SLUICE_DATABASE_URL"]), KEY)
    cookies = []
    for name in site.add_people("reader", 2):
        browser = sign_in_stand.Browser(site)
        browser.sign_in(name)
        cookies.append({"Cookie": browser.headers()["Cookie"]})
        browser.get("/")
    icon = re.search(r'"(/assets/mark[^"]+)"', browser.text)[1]
    server.seed_rows("reader-2", run.opt.rows)
    return {"login": ("/login", {}), "home": ("/", cookies[0]), "files": ("/", cookies[1]), "API": ("/api/v1/files?limit=50", cookies[1]),
            "session": ("/session", cookies[0]), "asset": (icon, {})}


def peer_pages(run, server):
    lister, other = run.lister(server), server.headers("reader")
    page = (server.lists["page"], lister)
    return {"login": (server.login_path, {}), "home": ("/", other), "files": page, "API": page}


def main():
    if len(sys.argv) < 2 or not (folder := pathlib.Path(sys.argv.pop(1))).is_dir():
        sys.exit(__doc__)
    sys.path.insert(0, str(folder.resolve()))
    import bench_uploads as bench

    asked = {}

    def pages(run, server):
        """One repeat of all of them."""
        if server not in asked:
            asked[server] = (sluice_pages if server.name == "sluice" else peer_pages)(run, server)
        return {name: run.gets(server, *what, CONNECTIONS) for name, what in asked[server].items()}

    bench.Run.pages = pages
    bench.ROWS = [row for name, label in ROWS for row in (
        ("pages", name, "per_s", f"{label}: GET/s", 1), ("pages", name, "p99_ms", "  p99 ms", 0),
        ("pages", name, "cpu_server_ms_each", "  CPU ms each: server's processes", 0), ("pages", name, "cpu_redis_ms_each", "    Redis", 0),
        ("pages", name, "cpu_postgres_ms_each", "    Postgres", 0), ("pages", name, "cpu_client_ms_each", "    client", None),
        ("pages", name, "others_cores", "  cores lost to others", None))]
    sys.argv[1:] = ["--server", "django_seed", "--server", f"generic:config={HERE}/uploads.json", "--reference", "django_seed",
                    "--tests", "pages", *sys.argv[1:]]
    bench.main()


if __name__ == "__main__":
    main()
