"""Somebody before the browser, who fills in forms and reads what the pages say. Every secret met on the way goes into the ledger."""

import re

from selenium.common.exceptions import JavascriptException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By

from support import captcha
from support.waiting import until

# What a look at a page says that is just going.
PASSING = (JavascriptException, NoSuchElementException, StaleElementReferenceException)


class Person:
    def __init__(self, stack, browser, mails, ledger, name, password):
        self.stack, self.browser, self.mails, self.ledger = stack, browser, mails, ledger
        self.name, self.address = name, f"{name}@example.org"
        self.password = ledger.note("password", password)

    # Looking

    def until(self, what, condition, seconds=15):
        return until(what, condition, seconds, PASSING)

    def find(self, selector):
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.browser.js("return document.querySelector(arguments[0])?.textContent.trim() ?? ''", selector)

    def is_shown(self, selector):
        return self.browser.js("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def path(self):
        return self.browser.js("return document.readyState === 'complete' ? location.pathname : ''")

    @property
    def notice(self):
        return self.text("main .notice")

    def cookie(self, name):
        found = self.browser.driver.get_cookie(name)
        return found and found["value"]

    @property
    def session(self):
        return self.cookie("sluice").split(".")[0]

    def arrived(self, path, title):
        """Waits for the page, and notes the secrets that came with it."""
        self.until(f"the page {path} with the title {title}", lambda: self.path() == path and self.text("h1") == title, 20)
        self.ledger.note("session", self.session)
        self.ledger.note("csrf", self.browser.js("return document.querySelector('meta[name=csrf-token]').content"))
        if device := self.cookie("sluice-device"):
            self.ledger.note("device", device)

    # Doing

    def go(self, path):
        self.browser.driver.get(self.stack.address + path)

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.find(f"main form [name={name}]")
            field.clear()
            field.send_keys(value)

    def send(self, action):
        """Presses the button of a form."""
        self.find(f"form[action='{action}'] button:not([type=button])").click()

    def register(self):
        self.go("/register")
        self.arrived("/register", "Create an account")
        self.fill(name=self.name, full_name="Ada Lovelace", email=self.address, password=self.password, captcha=self.letters())

    def letters(self):
        """What the captcha of the form shows."""
        number = self.browser.js("return document.querySelector('[name=captcha_id]').value")
        return self.ledger.note("captcha", captcha.letters(self.stack.settings["SLUICE_SIGN_IN_KEY"], number))

    def fill_login(self):
        """Everything but the button."""
        self.fill(login=self.name, password=self.password, captcha=self.letters())

    def fill_code(self):
        self.arrived("/login/code", "Enter your code")
        self.fill(code=self.ledger.note("code", self.mails.code(self.address)))

    def sign_in(self):
        """From the login page to the files."""
        self.arrived("/login", "Log in")
        self.fill_login()
        self.send("/login")
        self.fill_code()
        self.send("/login/code")
        self.arrived("/", "Files")

    # Files

    def files(self):
        """State and name of each row."""
        return dict(self.browser.js("""return [...document.querySelectorAll('#files tbody tr')].map((row) =>
            [row.querySelector('[data-part=name]').textContent, row.querySelector('[data-part=state]').dataset.state])"""))

    def row(self, name):
        return next(row for row in self.browser.driver.find_elements(By.CSS_SELECTOR, "#files tbody tr")
                    if row.find_element(By.CSS_SELECTOR, "[data-part=name]").text == name)

    # Complaints

    def complaints(self, *expected):
        """What the console holds since it was asked last, errors, warnings and breaches of the policy, but what was to be expected."""
        lines = dict.fromkeys(self.browser.complaints())  # each once
        return [line for line in lines if not any(re.search(pattern, line) for pattern in expected)]
