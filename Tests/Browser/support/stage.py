"""What all cases play on: one stack, one browser, and the secrets that came up."""

import hashlib
import pathlib
import tempfile

from support.chromium import Chromium
from support.client import Client
from support.ledger import Ledger
from support.maildir import Maildir
from support.person import Person
from support.screens import Screens
from support.stack import Stack


class Stage:
    def __init__(self):
        self.stack = Stack()
        self.ledger = Ledger()
        self.mails = Maildir(self.stack.state / "mail")

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-browser.")
        self.browser = Chromium(self.make_folder("downloads"))
        return self

    def __exit__(self, *_):
        self.browser.driver.quit()
        self.folder.cleanup()

    def begin(self):
        """A case depends neither on how the one before it ended nor on the limits that it has set."""
        self.browser.driver.get("about:blank")
        self.stack.control("start", "nginx")
        self.stack.restart_web()
        self.stack.start("worker")
        self.browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.browser.complaints()

    def make_folder(self, name):
        path = pathlib.Path(self.folder.name) / name
        path.mkdir()
        return path

    def person(self, name, password):
        return Person(self.stack, self.browser, self.mails, self.ledger, name, password)

    def client(self):
        return Client(self.stack, self.mails, self.ledger)

    def screens(self, name):
        return Screens(self.browser, name)

    @staticmethod
    def session_key(identifier):
        """Under which Redis knows the session of an identifier."""
        return "{sess}s:" + hashlib.sha256(identifier.encode()).hexdigest()
