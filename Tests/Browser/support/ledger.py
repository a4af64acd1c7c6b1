"""All secrets that came up while the cases ran, so that the last of them can look for each in every store and log."""

import base64
import re
import urllib.parse


class Ledger:
    def __init__(self):
        self.secrets = set()

    def note(self, kind, value):
        self.secrets.add((kind, value))
        return value

    def kinds(self):
        return {kind for kind, _ in self.secrets}

    def patterns(self):
        """For each secret what it looks like wherever somebody has written it down: (kind, regular expression of bytes)."""
        return [(kind, re.compile(b"|".join(self._forms(kind, value.encode())))) for kind, value in sorted(self.secrets)]

    @staticmethod
    def _forms(kind, value):
        plain = re.escape(value)
        # Short texts turn up in longer ones by chance: six digits in the fraction of a second, five letters in base64.
        forms = [rb"(?<![\w.])" + plain + rb"(?!\w)" if kind in ("code", "captcha") else plain]
        forms.append(re.escape(value.hex().encode()))
        forms.append(re.escape(base64.b64encode(value).rstrip(b"=")))
        quoted = urllib.parse.quote(value, safe="").encode()
        if quoted != value:
            forms.append(re.escape(quoted))
        if kind in ("session", "device", "reset", "csrf"):
            # The random bytes themselves, as a column of bytes would show them.
            forms.append(re.escape(base64.urlsafe_b64decode(value + b"=" * (-len(value) % 4)).hex().encode()))
        return forms
