#!/usr/bin/env python3
"""Takes every mail and keeps it: sink.py HOST PORT MAILDIR.

Each message becomes a file in MAILDIR/new; the envelope's sender and recipients are in its headers X-MailFrom and
X-RcptTo. Nothing is ever sent on.
"""

import asyncio
import os
import signal
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP

LARGEST_MESSAGE = 32 << 20


async def serve(host: str, port: int, maildir: str) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    for folder in ("new", "cur", "tmp"):  # Python makes them only together with the folder itself
        os.makedirs(os.path.join(maildir, folder), exist_ok=True)
    mailbox = Mailbox(maildir)

    def session() -> SMTP:
        return SMTP(mailbox, hostname="localhost", data_size_limit=LARGEST_MESSAGE, enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(session, host, port)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
