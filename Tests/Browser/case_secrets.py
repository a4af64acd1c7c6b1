"""After all that people did, and what somebody does here with everything that has a secret, no store and no log shows one in clear."""

import os
import urllib.parse

from support.writings import AOF, Writings

KINDS = {"password", "code", "captcha", "session", "device", "csrf", "token", "reset", "key"}


class Secrets:
    def __init__(self, stage):
        self.stage = stage
        self.stack, self.browser, self.ledger = stage.stack, stage.browser, stage.ledger
        self.person = stage.person("hedy", "frequencies hop from note to note")
        self.screens = stage.screens("secrets")
        self.writings = Writings(self.stack)
        for name in ("DATABASE_URL", "FTP_URL"):
            self.ledger.note("key", urllib.parse.urlsplit(self.stack.settings[f"SLUICE_{name}"]).password)
        self.ledger.note("key", self.stack.settings["SLUICE_SIGN_IN_KEY"])

    def check_complaints(self, *expected):
        complaints = self.person.complaints(*expected)
        assert not complaints, complaints

    def wrong_fields(self):
        """A wrong password, and a right one where the name belongs: it happens, and must not be written down either."""
        client = self.stage.client()
        client.register(self.person.name, self.person.address, self.person.password)
        assert client.give_password(self.person.name, "not the password of hers").status == 422
        assert client.give_password(self.person.password, self.person.name + " is no password").status == 422

    def session(self):
        """Signed in, with a file."""
        path = self.stage.make_folder("patents") / "frequency hopping.txt"
        path.write_bytes(os.urandom(1000))
        self.person.go("/login")
        self.person.sign_in()
        self.browser.drop("#upload-form", [path])
        self.person.until("the stored file", lambda: self.person.files() == {path.name: "stored"}, 30)
        self.check_complaints()

    def token(self):
        """Made on the account's page, shown once, and used by a machine."""
        self.person.go("/account")
        self.person.arrived("/account", "Account")
        self.person.fill(token_name="Nightly backup", token_password=self.person.password)
        self.person.send("/account/tokens")
        self.person.until("the token", lambda: self.person.is_shown("#new-token"))
        token = self.ledger.note("token", self.person.find("#new-token").get_attribute("value"))
        self.screens.take("token")
        self.person.go("/account")
        assert token not in self.browser.driver.page_source
        machine = self.stage.client()
        for credential, status in ((token, 202), (token[:-1] + "!", 401)):
            connection, response = machine.open("PUT", "/api/v1/files/backup.tar", b"bytes", Authorization=f"Bearer {credential}")
            assert response.status == status, response.status
            connection.close()
        self.check_complaints()

    def password_change(self):
        """In the account, by which the session gets another identifier."""
        before = self.person.session
        new = self.ledger.note("password", "a torpedo finds its own way now")
        self.person.fill(current_password=self.person.password)
        self.person.find("form[action='/account/password'] [name=password]").send_keys(new)
        self.person.send("/account/password")
        self.person.until("the notice", lambda: self.person.notice == "Your password was changed, and every other session has ended.")
        self.person.arrived("/account", "Account")
        self.screens.take("password-changed")
        self.person.password = new
        assert self.person.session != before
        self.check_complaints()

    def password_reset(self):
        """By the link from the mail; then the new password and another code lead in."""
        self.person.send("/logout")
        self.person.arrived("/login", "Log in")
        self.person.go("/password/forgot")
        self.person.arrived("/password/forgot", "Forgot your password?")
        self.person.fill(login=self.person.address, captcha=self.person.letters())
        self.screens.take("forgot")
        self.person.send("/password/forgot")
        self.person.until("the notice", lambda: "a mail is on its way" in self.person.notice)
        self.screens.take("forgot-sent")
        link = self.stage.mails.reset_link(self.person.address)
        self.ledger.note("reset", link.partition("token=")[2])
        self.browser.driver.get(link)
        self.person.arrived("/password/reset", "Choose a new password")
        assert self.person.text("main .lead b") == "h…@example.org"
        self.person.password = self.ledger.note("password", "one piano roll of eighty-eight keys")
        self.person.fill(password=self.person.password)
        self.screens.take("reset")
        self.person.send("/password/reset")
        self.person.arrived("/login", "Log in")
        assert self.person.notice == "Your new password is set. Log in with it."
        self.check_complaints()
        self.person.sign_in()
        self.check_complaints()
        self.browser.driver.get(link)
        self.person.until("the link is used", lambda: self.person.text("h1") == "This link no longer works")
        self.screens.take("reset-used")
        self.check_complaints(r"/password/reset\?token=\S+ - Failed to load resource: .* status of 410")

    def nothing_in_clear(self):
        """In no key and value of Redis, no row of Postgres, no line of a log: nothing of this session or of one of the other cases."""
        assert self.ledger.kinds() == KINDS, self.ledger.kinds() ^ KINDS
        # While somebody is signed in, so that there is a session to look at.
        with self.stack.redis() as redis:
            assert redis("EXISTS", self.stage.session_key(self.person.session)) == 1
        # nginx holds lines back for a second, but none when it ends.
        self.stack.stop("nginx")
        written = self.writings.read()
        for store in ("redis {sess}s:", "postgres", "web.log", "worker.log", "nginx.log", "redis.log", "postgres.log", "access.log", AOF):
            assert any(place.startswith(store) for place in written), (store, sorted(written))
        found = self.find(written)
        assert not found, found

    def watchfulness(self):
        """That nothing was found means something: a secret of each kind is found wherever one is put."""
        planted = dict(self.ledger.secrets)
        everything = "\n".join(planted.values())
        with self.stack.redis() as redis:
            redis("SET", "planted", everything)
            redis("HSET", "planted hash", everything, "1")
        self.writings.sql("CREATE TABLE planted (text text, bytes bytea)")
        for value in planted.values():
            self.writings.sql(f"INSERT INTO planted VALUES ($${value}$$, NULL), (NULL, convert_to($${value}$$, 'UTF8'))")
        for log in self.stack.logs():
            with log.open("a") as lines:
                lines.write(everything + "\n")
        found = self.find(self.writings.read())
        places = ["redis planted", "redis planted hash", "postgres", *(log.name for log in self.stack.logs())]
        missed = {(place, kind) for place in places for kind in planted} - found
        assert not missed, missed

    def find(self, written):
        """Where something is written, and what kind: never the secret itself."""
        patterns = self.ledger.patterns()
        return {(place, kind) for place, text in written.items() for kind, pattern in patterns
                if pattern.search(text)}

    STEPS = [wrong_fields, session, token, password_change, password_reset, nothing_in_clear, watchfulness]
