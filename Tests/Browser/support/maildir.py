"""The mails that were really sent, as the sink keeps them."""

import email
import email.policy
import re

from support.waiting import until


class Maildir:
    def __init__(self, folder):
        self.folder = folder
        self.seen = set()

    def next(self, address, subject):
        """Waits for a mail to this address that was not read before, and returns its text."""
        return until(f"a mail to {address}: {subject}", lambda: self._unseen(address, subject), 30)

    def code(self, address):
        return re.search(r"^\s+(\d{6})$", self.next(address, "Your code for Sluice"), re.MULTILINE).group(1)

    def reset_link(self, address):
        return re.search(r"^http\S+/password/reset\?token=\S+$", self.next(address, "A new password for Sluice"), re.MULTILINE).group()

    def _unseen(self, address, subject):
        for path in sorted(self.folder.joinpath("new").iterdir(), key=lambda path: path.stat().st_mtime):
            if path.name in self.seen:
                continue
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["X-RcptTo"] == address and mail["Subject"] == subject:
                self.seen.add(path.name)
                return mail.get_body(("plain",)).get_content()
        return None
