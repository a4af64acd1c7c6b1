#!/usr/bin/env python3
"""Proves what holds when somebody guesses, watches the clock, or the mail server or a worker is away: all of Sluice, through nginx.

    sign_in.py [PROOF …] [--guesses 500] [--passwords 100] [--rounds 150] [--outage 60] [--logins 1000]

PROOF: codes passwords times outage kills; all of them unless some are named. What each shows is said at its function. Everything is
private: a stack in a folder of its own, on free loopback ports. What comes from "elsewhere" comes from another loopback address.

Exit status 0 when each holds.
"""

import argparse
import collections
import concurrent.futures
import random
import re
import statistics
import threading
import time

import queue_stand
import sign_in_stand
from queue_stand import Failure, until
from sign_in_stand import Browser

TRIES = 5
# Wrong passwords that are looked at before the first pause; of one user in one network, and from all networks in an hour.
FROM_A_NETWORK = 10
FROM_EVERYWHERE = 50
WRONG = "not the one, but as long"


def say(what, text, holds):
    print(f"{what:<10} {text}{'' if holds else '   FAILED'}", flush=True)
    return holds


def counts(values):
    return ", ".join(f"{count} × {value}" for value, count in sorted(collections.Counter(values).items()))


def reasons(site, kind, name):
    """- Returns: how often the audit log has each reason for the users of a name; `%` stands for anything in it."""
    rows = site.sql(f"""
        SELECT detail ->> 'reason', count(*) FROM audit_events JOIN users ON users.id = user_id
        WHERE kind = '{kind}' AND users.name LIKE '{name}' GROUP BY 1""")
    return {reason: int(count) for reason, count in rows}


def prove_codes(stack, options):
    """Guesses at a code, all at the same time in the session that awaits it, each from an address of its own. At most five are compared
    with it, as Postgres counts the tries and the audit log the comparisons; afterwards the code itself is refused."""
    site = stack.site
    [name] = site.add_people("guessed", 1)
    browser = Browser(site)
    if browser.log_in(name) != 303:
        raise Failure("no code is sent")
    browser.get("/login/code")
    code = site.code(name)
    wrong = [guess for guess in random.sample(range(1_000_000), options.guesses + 1) if guess != int(code)]
    answers = sign_in_stand.burst(site.port, [(site.address(), browser.request("/login/code", code=f"{guess:06}"))
                                              for guess in wrong[:options.guesses]])
    tries = site.number(f"SELECT tries FROM login_challenges JOIN users ON users.id = user_id WHERE users.name = '{name}'")
    found = reasons(site, "code-refused", name)
    late = browser.post("/login/code", code=code)
    left = re.search(r'id="code-tries">([^<]*)<', browser.text)
    return say("codes", f"{options.guesses} guesses at once, answers {counts(status for status, _ in answers)}; tries in Postgres {tries}, "
               f"compared {found.get('wrong', 0)} (at most {TRIES}); the right code after them: {late}, \"{left and left.group(1)}\"",
               tries <= TRIES and found.get("wrong", 0) <= TRIES and late == 422)


def prove_passwords(stack, options):
    """Wrong passwords for one user, all at the same time: first from the address at which the owner's known browser is as well, then, twice,
    each from an address of its own. Of those that are not turned away at the hashes' door (503) at most ten and fifty are compared.
    While they come, and after them, the owner signs in with the known browser, each time at the first try: five times, for which Sluice
    sends codes within an hour. With the right password a browser that is not known is refused, once as many as may be were compared: a guess
    that was turned away at the door counts for none."""
    site = stack.site
    [name] = site.add_people("owner", 1)
    here = site.address()
    owner = Browser(site, here)
    owner.sign_in(name)
    holds = attack(stack, name, owner, "one network", [here] * options.passwords, FROM_A_NETWORK)
    for _ in range(2):
        holds &= attack(stack, name, owner, "as many networks", [site.address() for _ in range(options.passwords)], FROM_EVERYWHERE)
    for _ in range(FROM_EVERYWHERE - reasons(site, "login-refused", name).get("credentials", 0)):
        Browser(site).log_in(name, WRONG)
    known, unknown = enter(owner, name), Browser(site).log_in(name)
    return say("passwords", f"afterwards, with the right password: the known browser {known}, one that is not known {unknown}",
               is_at_once(known) and unknown == 422) and holds


def attack(stack, name, owner, place, addresses, limit):
    site = stack.site
    attackers = [Browser(site, address) for address in addresses]
    requests = [(attacker.address, attacker.request("/login", **attacker.credentials(name, WRONG))) for attacker in attackers]
    for attacker in attackers:
        attacker.connection.close()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answers = pool.submit(sign_in_stand.burst, site.port, requests)
        # Until the last bytes have gone.
        time.sleep(sign_in_stand.GATHERING + 0.2)
        meanwhile = enter(owner, name)
        answers = answers.result()
    found = reasons(site, "login-refused", name)
    compared = found.pop("credentials", 0)
    return say("passwords", f"{len(addresses)} at once from {place}, answers {counts(status for status, _ in answers)}; for this user so far "
               f"compared {compared} (at most {limit}), refused by a throttle {sum(found.values())}; "
               f"the owner's known browser meanwhile: {meanwhile}",
               compared <= limit and is_at_once(meanwhile))


def is_at_once(entry):
    return entry.startswith("in ") and entry.endswith("try 1")


def enter(browser, name):
    """Signs in with a browser that is known, as a person would: who is told to come back in a moment tries again, for half a minute."""
    start, tries, status = time.monotonic(), 0, None
    device = {key: value for key, value in browser.cookies.items() if key.endswith("-device")}
    while time.monotonic() < start + 30 * queue_stand.PATIENCE:
        tries += 1
        browser.cookies = dict(device)
        status = browser.log_in(name)
        if status == 303:
            browser.get("/login/code")
            status = browser.post("/login/code", code=browser.site.code(name))
            if (status, browser.location) == (303, "/"):
                return f"in after {time.monotonic() - start:.1f} s, try {tries}"
        if status != 503:
            break
        time.sleep(1)
    return f"out: {status}"


def prove_times(stack, options):
    """The time from a login form to its answer, for a name that nobody has, a wrong password, an account that too many guesses from
    everywhere have locked, and a disabled one, the last two with the right password. In rounds of one of each in random order, each from an
    address of its own, one after the other. Wrong passwords are measured twice: how far these two are apart is chance."""
    site = stack.site
    # No user twice, but for the locked one: the fiftieth guess would lock another as well.
    users, others, disabled = (site.add_people(name, options.rounds) for name in ("timed", "again", "disabled"))
    [locked] = site.add_people("locked", 1)
    site.sql("UPDATE users SET disabled_at = now() WHERE name LIKE 'disabled-%'")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: Browser(site).log_in(locked, WRONG), range(FROM_EVERYWHERE)))
    kinds = {"unknown": lambda n: (f"nobody-{n}", WRONG), "wrong": lambda n: (users[n], WRONG),
             "locked": lambda n: (locked, sign_in_stand.PASSWORD), "disabled": lambda n: (disabled[n], sign_in_stand.PASSWORD),
             "wrong again": lambda n: (others[n], WRONG)}
    times, answers = {kind: [] for kind in kinds}, set()
    for number in range(-3, options.rounds):
        for kind in random.sample(list(kinds), len(kinds)):
            login, password = kinds[kind](number)
            browser = Browser(site)
            fields = browser.credentials(login, password)
            start = time.perf_counter()
            status = browser.post("/login", **fields)
            seconds = time.perf_counter() - start
            browser.connection.close()
            # The first rounds warm everything up; their names are those of the last ones.
            if number >= 0:
                times[kind].append(seconds)
                answers.add((status, re.sub(r"captcha(_id\" value=\"|/)[\w-]{40}|csrf.{0,40}\"[\w-]{20,}\"|" + login, "", browser.text)))
    medians = {kind: statistics.median(values) * 1e3 for kind, values in times.items()}
    text = ", ".join(f"{kind} {median:.1f}" for kind, median in medians.items())
    chance = abs(medians.pop("wrong again") - medians["wrong"])
    spread = max(medians.values()) - min(medians.values())
    found = [reasons(site, "login-refused", name) for name in (locked, "disabled-%")]
    quarters = ", ".join(f"{kind} {statistics.quantiles(values)[0] * 1e3:.1f}" for kind, values in times.items())
    say("times", f"lower quartiles in ms, {options.rounds} of each: {quarters}; on record for locked {found[0]}, disabled {found[1]}", True)
    return say("times", f"medians in ms, {options.rounds} of each: {text}; the largest difference {spread:.1f} (below 5), of "
               f"wrong from itself {chance:.1f}; different answers {len(answers)} (1)", spread < 5 and len(answers) == 1)


def prove_outage(stack, options):
    """The mail server is away for a minute. Of three codes that are asked for meanwhile one comes when it is back and opens the door; one
    has expired by then (its row is made to say so: a code lives for five minutes) and one was replaced, and their jobs end quietly."""
    site = stack.site
    patient, late, twice = site.add_people("waiting", 3)
    stack.await_no_mail_jobs()
    before = len(stack.mails())
    stack.control("stop", "mail")
    start = time.monotonic()
    browsers = {name: Browser(site) for name in (patient, late, twice)}
    for name, browser in browsers.items():
        if browser.log_in(name) != 303:
            raise Failure(f"{name} gets no code: {browser.text[:400]}")
        browser.get("/login/code")
    while time.monotonic() < start + options.outage:
        time.sleep(0.1)
    # A minute after the first, another code may be asked for.
    until("another code is sent", lambda: browsers[twice].post("/login/code/resend") == 303, every=1)
    site.sql(f"""
        UPDATE login_challenges SET expires_at = now() FROM users WHERE users.id = user_id AND users.name = '{late}'""")
    away, sent = time.monotonic() - start, len(stack.mails()) - before
    stack.control("start", "mail")
    back = time.monotonic()
    until("the mail comes", lambda: stack.mails_to(patient))
    seconds = time.monotonic() - back
    stack.await_no_mail_jobs()
    code = re.search(r"^    (\d{6})$", stack.mails_to(patient)[0].get_body(("plain",)).get_content(), re.M).group(1)
    browser = browsers[patient]
    status = browser.post("/login/code", code=code)
    mails = {name: len(stack.mails_to(name)) for name in browsers}
    return say("outage", f"mail server away for {away:.0f} s, codes asked for at its start; mails meanwhile {sent} (0); {seconds:.1f} s after it "
               f"was back the mail came, and its code was answered with {status} to {browser.location}; mails of the expired code {mails[late]} "
               f"(0), of two codes the second of which replaced the first {mails[twice]} (1); jobs left or dead {sum(stack.mail_jobs())}",
               (status, browser.location, sent) == (303, "/", 0) and mails == {patient: 1, late: 0, twice: 1})


def prove_kills(stack, options):
    """Logins, each of a user of its own from an address of its own, while the one worker for mails is killed at random, as soon as a tenth of
    a second after its start. A login is lost when no mail of its code comes; a second copy has the Message-ID of the first.

    Sluice sends 400 codes an hour in all to browsers that are not known. That throttle is emptied in Redis as often as it fills."""
    site = stack.site
    users = site.add_people("crowd", options.logins)
    stack.control("stop", "worker")
    before = {mail["Message-ID"] for mail in stack.mails()}
    statuses, ended = [], threading.Event()

    def log_in(name):
        if ended.is_set():
            return
        browser = Browser(site)
        try:
            statuses.append(browser.log_in(name))
        finally:
            browser.connection.close()

    kills, start = 0, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        try:
            logins = [pool.submit(log_in, name) for name in users]
            while not all(login.done() for login in logins) or stack.mail_jobs()[0] > stack.mail_jobs()[1]:
                with sign_in_stand.Worker(stack) as worker:
                    time.sleep(random.uniform(0.1, 2.5))
                    if worker.process.poll() is not None:
                        raise Failure(f"a worker ended by itself, with {worker.process.returncode}")
                kills += 1
                stack.redis.ask("DEL", "{sess}th:all-codes:all")
                if time.monotonic() > start + 600 * queue_stand.PATIENCE:
                    raise Failure(f"{len(statuses)} logins and {stack.mail_jobs()} jobs after {time.monotonic() - start:.0f} s")
        finally:
            ended.set()
        for login in logins:
            login.result()
    seconds, dead = time.monotonic() - start, stack.mail_jobs()[1]
    stack.control("start", "worker")
    expected = {f"<code-{row[0]}@localhost>" for row in site.sql("""
        SELECT login_challenges.id FROM login_challenges JOIN users ON users.id = user_id WHERE users.name LIKE 'crowd-%'""")}
    received = [mail["Message-ID"] for mail in stack.mails() if mail["Message-ID"] not in before]
    lost, foreign = len(expected - set(received)), len(set(received) - expected)
    return say("kills", f"{options.logins} logins in {seconds:.0f} s, answers {counts(statuses)}; {kills} kills of the worker; "
               f"codes {len(expected)}, mails {len(received)}: lost {lost} (0), second copies with the same Message-ID "
               f"{len(received) - len(set(received))}, others {foreign} (0), dead jobs {dead} (0)",
               (lost, foreign, dead, len(expected)) == (0, 0, 0, options.logins))


PROOFS = {"codes": prove_codes, "passwords": prove_passwords, "times": prove_times, "outage": prove_outage, "kills": prove_kills}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proofs", nargs="*", metavar="PROOF")
    parser.add_argument("--guesses", type=int, default=500)
    parser.add_argument("--passwords", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--outage", type=float, default=60, help="seconds")
    parser.add_argument("--logins", type=int, default=1000)
    options = parser.parse_args()
    if unknown := set(options.proofs) - set(PROOFS):
        parser.error(f"there is no proof named {', '.join(unknown)}")
    with sign_in_stand.Stack() as stack:
        return 0 if all([PROOFS[name](stack, options) for name in options.proofs or PROOFS]) else 1


if __name__ == "__main__":
    queue_stand.program(main)
