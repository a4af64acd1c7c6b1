"""A browser without a screen: cookies, forms, and nothing that it does by itself. For what has to be exact to the request."""

import html
import http.client
import re
import urllib.parse

from support import captcha


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode(errors="replace")

    @property
    def csrf(self):
        return re.search(r'name="csrf-token" content="([^"]*)"', self.text).group(1)

    @property
    def notice(self):
        """What the page tells whoever arrives at it."""
        found = re.search(r'<p class="notice"[^>]*>([^<]*)</p>', self.text)
        return html.unescape(found.group(1)) if found else None


class Client:
    def __init__(self, stack, mails, ledger):
        self.stack, self.mails, self.ledger = stack, mails, ledger
        self.cookies = {}

    def open(self, method, path, body=None, **headers):
        """Sends a request and returns connection and response, whose body is still to come."""
        place = urllib.parse.urlsplit(self.stack.address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method != "GET":
            fields |= {"Origin": self.stack.address, "Sec-Fetch-Site": "same-origin"}
        connection.request(method, path, body, fields)
        response = connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or []:
            self._keep(*line.split(";")[0].split("=", 1))
        return connection, response

    def _keep(self, name, value):
        self.cookies[name] = value
        if value:
            self.ledger.note("device" if name.endswith("device") else "session", value.split(".")[0])

    def get(self, path, **headers):
        connection, response = self.open("GET", path, **headers)
        answer = Answer(response)
        connection.close()
        return answer

    def post(self, path, csrf, **fields):
        self.ledger.note("csrf", csrf)
        body = urllib.parse.urlencode({"csrf": csrf, **fields})
        connection, response = self.open("POST", path, body, Content_Type="application/x-www-form-urlencoded")
        answer = Answer(response)
        connection.close()
        return answer

    @property
    def session(self):
        """The identifier of the session, without what the cookie says besides."""
        return self.cookies["sluice"].split(".")[0]

    def fill(self, path, **fields):
        """Goes to a form and sends it with its captcha solved."""
        page = self.get(path)
        number = re.search(r'name="captcha_id" value="([^"]*)"', page.text).group(1)
        letters = self.ledger.note("captcha", captcha.letters(self.stack.settings["SLUICE_SIGN_IN_KEY"], number))
        return self.post(path, page.csrf, captcha=letters, captcha_id=number, **fields)

    def give_password(self, login, password):
        self.ledger.note("password", password)
        return self.fill("/login", login=login, password=password)

    def register(self, name, address, password):
        self.ledger.note("password", password)
        answer = self.fill("/register", name=name, full_name="", email=address, password=password)
        assert answer.status == 303, answer.text

    def sign_in(self, name, address, password):
        answer = self.give_password(name, password)
        assert answer.headers["Location"] == "/login/code", (answer.status, answer.text)
        code = self.ledger.note("code", self.mails.code(address))
        answer = self.post("/login/code", self.get("/login/code").csrf, code=code)
        assert (answer.status, answer.headers["Location"]) == (303, "/"), (answer.status, answer.text)
