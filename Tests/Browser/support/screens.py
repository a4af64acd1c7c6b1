"""Pictures of what a person sees, of each step in both schemes, on a desktop and on a phone."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[3] / ".build/screens"
LOOKS = [(width, dark) for width in (390, 1280) for dark in (True, False)]


class Screens:
    def __init__(self, browser, name):
        self.browser, self.name = browser, name
        self.count = 0
        FOLDER.mkdir(parents=True, exist_ok=True)

    def take(self, what, whole=True):
        """The last look, in the light on a desktop, is the one that steps go on with."""
        self.count += 1
        for width, dark in LOOKS:
            self.browser.look(width, dark)
            picture = f"{self.name}-{self.count:02}-{what}.{width}.{'dark' if dark else 'light'}.png"
            self.browser.shoot(FOLDER / picture, whole)
            wide = self.browser.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{picture}: {wide} px too wide"
