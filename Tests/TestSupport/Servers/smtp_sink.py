#!/usr/bin/env python3
"""A mail server for tests that keeps what it gets; aiosmtpd in one unprivileged process.

  smtp_sink.py --mail DIR --faults FILE [--port NUMBER] [--cert both.pem] [--require-tls] [--require-auth]

Prints "PORT <number>" on a line of its own once it listens on the loopback interface. Each message becomes a file in
DIR: its envelope as a line of JSON, then the bytes as they came after removal of dot-stuffing. User name and password
are "test".

FILE, a JSON object, is read again at each command:
  {"rcpt": "450 4.2.0 Greylisted."}   that reply to RCPT; likewise "mail", "data" (after the message)
  {"hang": true}                      never answer after the message
  {"hold_banner": true}               accept connections and say nothing
"""
import argparse, asyncio, json, os, ssl, uuid

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("--mail", required=True)
parser.add_argument("--faults", required=True)
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--cert")
parser.add_argument("--require-tls", action="store_true")
parser.add_argument("--require-auth", action="store_true")
arguments = parser.parse_args()


def faults():
    try:
        with open(arguments.faults) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "mail" in faults():
            return faults()["mail"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "rcpt" in faults():
            return faults()["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if faults().get("hang"):
            await asyncio.sleep(3600)
        if "data" in faults():
            return faults()["data"]
        head = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "peer": session.peer[1], "tls": session.ssl is not None,
                "authenticated": bool(session.authenticated)}
        name = os.path.join(arguments.mail, uuid.uuid4().hex)
        with open(name + ".tmp", "wb") as file:
            file.write(json.dumps(head).encode() + b"\n" + envelope.original_content)
        os.rename(name + ".tmp", name + ".eml")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = getattr(data, "login", b"") == b"test" and getattr(data, "password", b"") == b"test"
    return AuthResult(success=good)


context = None
if arguments.cert:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(arguments.cert)


class Server(SMTP):
    async def _handle_client(self):
        if faults().get("hold_banner"):
            await asyncio.sleep(3600)
        await super()._handle_client()


def protocol():
    return Server(
        Handler(), hostname="sink", tls_context=context, require_starttls=arguments.require_tls, authenticator=authenticate,
        auth_required=arguments.require_auth, auth_require_tls=bool(arguments.cert), enable_SMTPUTF8=False)


async def main():
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", arguments.port)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
