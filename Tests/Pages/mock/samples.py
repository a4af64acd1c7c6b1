"""A context for each page in each of its conditions."""

import datetime

LONG = "Quarterly report for the supervisory board, final version 7 (reviewed by legal, signed and countersigned) 2026-03-31.pdf"
NOW = datetime.datetime(2026, 5, 3, 12, 2, tzinfo=datetime.timezone.utc)


def iso(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_text(moment):
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def size_text(size):
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    value, unit = size, -1
    units = ["kB", "MB", "GB", "TB", "PB"]
    while True:
        value /= 1000
        unit += 1
        if value < 999.5 or unit == len(units) - 1:
            return f"{value:.1f} {units[unit]}" if value < 99.95 else f"{value:.0f} {units[unit]}"


WORDS = {"staged": "On its way", "stored": "Stored", "failed": "Failed"}


def row(file):
    context = {
        "id": file["id"], "name": file["name"], "size": file["size"], "sizeText": size_text(file["size"]),
        "addedISO": file["createdAt"], "addedText": moment_text(datetime.datetime.fromisoformat(file["createdAt"].replace("Z", "+00:00"))),
        "state": file["state"], "stateText": WORDS[file["state"]],
    }
    if file.get("failure"):
        context["failure"] = file["failure"]
    return context


BLANK = {"id": "", "name": "", "size": 0, "sizeText": "", "addedISO": "", "addedText": "", "state": "staged", "stateText": ""}


def file(number, name, size, state="stored", minutes=0, failure=None):
    made = NOW - datetime.timedelta(minutes=minutes)
    result = {
        "id": f"0196a0c2-7b1e-7c30-9a11-{number:012x}", "name": name, "size": size, "contentType": "application/octet-stream",
        "sha256": f"{number:064x}", "state": state, "createdAt": iso(made), "storedAt": iso(made) if state == "stored" else None,
    }
    if failure:
        result["failure"] = failure
    return result


FILES = [
    file(1, "Holiday pictures.zip", 1_284_390_112, "staged", 0),
    file(2, "minutes-2026-05-02.md", 4_312, "staged", 1),
    file(3, "invoice-0042.pdf", 96_204, "stored", 14),
    file(4, LONG, 2_412_345, "stored", 65),
    file(5, "a" * 90 + "_without_a_place_to_break_" + "b" * 60 + ".tar.gz", 48_212_004, "stored", 130),
    file(6, "<img src=x onerror=alert(1)>.html", 512, "stored", 300),
    file(7, "תמונות מהחופשה – חלק א.jpg", 3_204_118, "stored", 1500),
    file(8, "backup-2026-04.sql.gz", 18_204_118_220, "failed", 2880, "The storage refused the file: its disk is full."),
    file(9, "تقرير المبيعات 2026.xlsx", 84_112, "stored", 4000),
    file(10, "empty.txt", 0, "stored", 9000),
]

SORTS = {"name": "byName", "size": "bySize", "created": "byAdded"}


def listing(files, search="", sort="-created", next_cursor=None):
    query = f"search={search}&" if search else ""
    context = {
        "sort": sort, "search": search, "limit": 50, "files": [row(f) for f in files], "hasFiles": bool(files),
        "isEmpty": not files and not search, "isWithoutMatch": not files and bool(search),
    }
    for key, member in SORTS.items():
        here = sort.lstrip("-") == key
        descending = sort.startswith("-")
        other = key if (here and descending) or (not here and key == "name") else f"-{key}"
        context[member] = {
            "aria": ("descending" if descending else "ascending") if here else "none", "href": f"/?{query}sort={other}",
        }
    if next_cursor:
        context["nextHref"] = f"/?{query}sort={sort}&cursor={next_cursor}"
    return context


def signed_in(**more):
    return {"csrf": "c5rf", "account": {"userName": "miami"}, "session": {"secondsLeft": 1800}, **more}


def home(files, **list_options):
    return signed_in(limits={"fileBytes": 5_000_000_000, "fileText": "5 GB"}, list=listing(files, **list_options), states=WORDS, blankFile=BLANK)


def signed_out(**more):
    return {"csrf": "c5rf", **more}


def errors(title, *items):
    return {"title": title, "items": [dict(zip(("errorField", "text"), item)) if item[0] else {"text": item[1]} for item in items]}


def with_captcha(page, **more):
    return signed_out(captcha={"id": "abc", "secondsLeft": 300, "page": page}, **more)


def login(**more):
    return with_captcha("/login", form={"login": ""}, **more)


def code(mail=None, **more):
    return signed_out(challenge={
        "address": "m•••i@example.org", "secondsLeft": 272, "lifeText": "4 minutes 32 seconds", "triesText": "5 tries left",
        "mailText": mail, "resendSeconds": 32, "resendText": "32 seconds"}, **more)


CHROME = "Chrome 141 on Windows"


def session(number, device, network, minutes, current=False):
    seen = NOW - datetime.timedelta(minutes=minutes)
    return {"number": number, "device": device, "network": network, "isCurrent": current, "seenISO": iso(seen), "seenText": moment_text(seen)}


def date(moment):
    return {"iso": iso(moment), "text": f"{moment.day} {moment:%b %Y}"}


def token(number, name, used=None, expires=None, scopes="read, write, delete"):
    context = {"number": number, "name": name, "scopesText": scopes}
    if used is not None:
        seen = NOW - datetime.timedelta(minutes=used)
        context["lastUse"] = {"iso": iso(seen), "text": moment_text(seen)}
    if expires is not None:
        context["expiry"] = {**date(NOW + datetime.timedelta(days=expires)), "isExpired": expires < 0}
    return context


def account(sessions=None, tokens=None, **more):
    sessions = sessions if sessions is not None else [session(1, "Firefox 145 on Linux", "192.0.2.17", 0, True)]
    tokens = tokens or []
    base = signed_in(
        profile={"name": "miami", "fullName": "Maria Miami", "email": "maria@example.org"}, form={"tokenName": ""}, origin="https://sluice.example.org",
        sessions=sessions, hasOtherSessions=len(sessions) > 1, tokens=tokens, hasTokens=bool(tokens),
        lifetimes=[{"days": 30, "label": "In 30 days", "isChosen": False}, {"days": 90, "label": "In 90 days", "isChosen": True},
                   {"days": 365, "label": "In a year", "isChosen": False}, {"days": 0, "label": "Never", "isChosen": False}],
        scopes=[{"field": "token_read", "label": "Read: list and download your files", "isTicked": True},
                {"field": "token_write", "label": "Write: upload files", "isTicked": True},
                {"field": "token_delete", "label": "Delete files", "isTicked": True}])
    kept = sum(not token.get("expiry", {}).get("isExpired") for token in tokens)
    if kept:
        base["keptTokens"] = "1 API token" if kept == 1 else f"{kept} API tokens"
    return {**base, **more}


FULL_SESSIONS = [
    session(1, "Firefox 145 on Linux", "192.0.2.17", 0, True),
    session(2, CHROME, "2001:db8:85a3:8d3:1319:8a2e:370:7348", 95),
    session(3, "Safari 26 on iPhone", "198.51.100.4", 2000),
]
FULL_TOKENS = [
    token(1, "Nightly backup", 400, 62, "write"),
    token(2, "A token whose name takes all the sixty-four characters allowed..", None, None),
    token(3, "Old build machine", 90000, -12),
]

WRONG = "These details did not match"

# (template, variant) -> context
PAGES = {
    ("register", "plain"): with_captcha("/register", form={"name": "", "fullName": "", "email": ""}),
    ("register", "errors"): with_captcha(
        "/register",
        errors=errors("Two things need a change", ("name", "This user name is taken."), ("password", "This password is too common.")),
        form={"name": "admin", "fullName": "", "email": "maria@example.org", "nameError": "This user name is taken.",
              "passwordError": "This password is too common."}),
    ("login", "plain"): login(),
    ("login", "expired"): login(notice="You were logged out because nothing happened for 30 minutes."),
    ("login", "errors"): {**login(), "form": {"login": "miami"},
                          "errors": errors(WRONG, (None, "Check your name, password and the letters, and try again."))},
    ("login", "captcha"): {**login(), "form": {"login": "miami", "captchaError": "These were not the letters. Here is a new picture."},
                           "errors": errors("One thing needs a change", ("captcha", "These were not the letters. Here is a new picture."))},
    ("code", "plain"): code(),
    ("code", "errors"): {**code(), "form": {"codeError": "This code does not work. Check it, or send another."},
                         "errors": errors("One thing needs a change", ("code", "This code does not work. Check it, or send another."))},
    ("code", "resent"): code(notice="Another code is on its way. The one before no longer works."),
    ("code", "refused"): code("The code could not be delivered to m•••i@example.org; the mail server refused it for good. If another one "
                              "fares no better, ask whoever runs this site."),
    ("forgot", "plain"): with_captcha("/password/forgot", form={"login": ""}),
    ("forgot", "sent"): with_captcha("/password/forgot", form={"login": ""}, notice="If we know you, a mail is on its way. Look in the junk folder too."),
    ("reset", "plain"): signed_out(address="m…@example.org", link="a1b2", form={}),
    ("reset", "errors"): signed_out(
        address="m…@example.org", link="a1b2",
        form={"passwordError": "This password is too short."},
        errors=errors("One thing needs a change", ("password", "This password is too short."))),
    ("message", "not-found"): signed_out(message={"title": "There is nothing here", "text": "The address may be mistyped, or what was here is gone.",
                                         "action": {"href": "/", "label": "Go to your files"}}),
    ("message", "unavailable"): signed_out(message={
        "title": "One moment, please", "text": "A part of Sluice does not answer. Nothing was lost. Try again in a few seconds.",
        "action": {"href": "/", "label": "Try again"}, "reference": "01HX7Q9K2M"}),
    ("message", "used"): signed_out(message={
        "title": "This link no longer works", "text": "It works once, for 30 minutes, and only the last one that was asked for.",
        "action": {"href": "/password/forgot", "label": "Ask for another"}, "other": {"href": "/login", "label": "Log in"}}),
    ("delete", "plain"): signed_in(file={"id": FILES[3]["id"], "name": FILES[3]["name"]}),
    ("home", "plain"): home(FILES, next_cursor="xyz"),
    ("home", "empty"): home([]),
    ("home", "no-match"): home([], search="an <unlikely> name"),
    ("home", "errors"): {**home(FILES[2:4]), "errors": {"title": "One of three files was not taken", "items": [
        {"errorFile": "huge <b>.iso", "text": "The file is too large: at most 5 GB."}]}},
    ("account", "plain"): account(),
    ("account", "full"): account(FULL_SESSIONS, FULL_TOKENS, newToken={"text": "slc_" + "Yh3kP0vQ2mR8tW5xZ7bN1cD4fG6jL9sAqE_uI-oKyHn"}),
    ("account", "errors"): {**account(FULL_SESSIONS, FULL_TOKENS), "errors": errors(
        "Four things need a change", ("current_password", "This is not your password."), ("token_name", "A name stands on one line."),
        ("token_read", "A token that may do nothing is of no use. Tick at least one."),
        ("token_password", "This is not your password.")),
        "form": {"currentPasswordError": "This is not your password.", "tokenName": "Nightly backup",
                 "tokenNameError": "A name stands on one line.", "tokenScopesError": "A token that may do nothing is of no use. Tick at least one.",
                 "tokenPasswordError": "This is not your password."}},
}
