#!/usr/bin/env python3
"""An FTP server that misbehaves on demand, for tests; pyftpdlib in one unprivileged process.

  hostile_ftpd.py --root DIR --faults FILE [--cert both.pem]

Prints "PORT <number>" on a line of its own once it listens on the loopback interface. User name and password are
"test". Explicit TLS is offered when --cert names a PEM file with key and certificate.

FILE, a JSON object, is read again at each command:
  {"refuse": {"STOR": "552 No space."}}   that reply to these commands, which are not carried out
  {"refuse_once": {"STOR": "..."}}        likewise, once for each connection
  {"after": {"STOR": "..."}}              carry the command out, then give that reply in place of the right one
  {"pasv_ip": "203.0.113.7"}              name this address in the reply to PASV, and know no EPSV
  {"short_by": 10}                        store so many bytes less than were received; the reply is 226
  {"cut_after": 100000}                   after so many bytes of one upload, drop the whole session
  {"full_after": [100000, "452 Full."]}   after so many bytes of one upload, end it with that reply and read no further
  {"no_overwrite": true}                  550 to a rename to a name that exists
  {"refuse_rename": "f"}                  553 to a rename of that file
  {"lose_rename": "f"}                    rename that file, then close the session without a reply
  {"hang": ["STOR"]}                      never answer these commands
  {"hang_after": ["STOR"]}                carry these out and never give the final reply
  {"bytes_per_s": 1000}                   read uploads no faster
  {"refuse_login": true}                  530 to every PASS
  {"no_tls": true}                        502 to AUTH
  {"tls_injection": true}                 a reply in clear text behind the one that begins TLS
  {"idle": true}                          421 instead of a second upload over one connection
  {"drop": ["SIZE"]}                      close the session on these commands
  {"extra_reply": ["STOR"]}               a second, unasked reply before these commands are carried out
"""
import argparse, json, logging, os, sys

from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, ThrottledDTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--root", required=True)
parser.add_argument("--faults", required=True)
parser.add_argument("--cert")
arguments = parser.parse_args()
logging.basicConfig(level=logging.ERROR)


def faults():
    try:
        with open(arguments.faults) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


class Users(DummyAuthorizer):
    def validate_authentication(self, username, password, handler):
        if faults().get("refuse_login"):
            raise AuthenticationFailed("Login refused.")
        super().validate_authentication(username, password, handler)


users = Users()
users.add_user("test", "test", arguments.root, perm="elradfmwMT")


class Receiving:
    def recv(self, size):
        chunk = super().recv(size)
        cut = faults().get("cut_after")
        if cut and self.receive and self.tot_bytes_received + len(chunk) > cut:
            session = self.cmd_channel
            self.close()
            session.close()
            return b""
        full = faults().get("full_after")
        if full and self.receive and self.tot_bytes_received + len(chunk) > full[0]:
            self._resp = (full[1], logging.info)
            self.close()
            return b""
        return chunk

    def close(self):
        short = faults().get("short_by")
        if short and self.receive and self.file_obj and not self.file_obj.closed:
            self.file_obj.flush()
            size = os.fstat(self.file_obj.fileno()).st_size
            os.ftruncate(self.file_obj.fileno(), max(0, size - short))
        super().close()


class Misbehaving:
    authorizer = users
    banner = "ready"
    timeout = 600
    auth_failed_timeout = 0
    last_command = ""

    def process_command(self, cmd, *args, **kwargs):
        now = faults()
        self.last_command = cmd
        if cmd in now.get("hang", ()):
            return
        if cmd in now.get("drop", ()):
            self.close()
            return
        if cmd in now.get("refuse", {}):
            self.respond(now["refuse"][cmd])
            return
        seen = self.__dict__.setdefault("refused", set())
        if cmd in now.get("refuse_once", {}) and cmd not in seen:
            seen.add(cmd)
            self.respond(now["refuse_once"][cmd])
            return
        if cmd == "RNTO" and args and self.rename_is_refused(now, args[0]):
            return
        if cmd == "EPSV" and now.get("idle") and getattr(self, "stored", False):
            self.respond("421 Idle for too long.")
            self.close_when_done()
            return
        if "pasv_ip" in now and cmd == "EPSV":
            super().respond("500 No EPSV.")
            return
        self.masquerade_address = now.get("pasv_ip")
        if now.get("no_tls") and cmd == "AUTH":
            super().respond("502 No TLS.")
            return
        if now.get("tls_injection") and cmd == "AUTH":
            self.push("234 AUTH TLS successful.\r\n230 Injected.\r\n200 Injected.\r\n200 Injected.\r\n")
            self.secure_connection(self.ssl_context)
            return
        if cmd in now.get("extra_reply", ()):
            self.push("226 Nobody asked.\r\n")
        if cmd in ("STOR", "APPE"):
            self.stored = True
            self.dtp_handler.read_limit = now.get("bytes_per_s", 0)
        super().process_command(cmd, *args, **kwargs)

    def rename_is_refused(self, now, target):
        name = os.path.basename(self._rnfr or "")
        if now.get("no_overwrite") and os.path.exists(target):
            self.respond("550 File exists.")
        elif now.get("refuse_rename") == name:
            self.respond("553 Not this one.")
        elif now.get("lose_rename") == name:
            os.rename(self._rnfr, target)
            self.close()
        else:
            return False
        self._rnfr = None
        return True

    def respond(self, resp, *args, **kwargs):
        now = faults()
        final = resp[:1] in "2345"
        if final and self.last_command in now.get("hang_after", ()):
            return
        if final and self.last_command in now.get("after", {}):
            resp = now["after"][self.last_command]
        super().respond(resp, *args, **kwargs)


if arguments.cert:
    class Data(Receiving, ThrottledDTPHandler, TLS_DTPHandler):
        pass

    class Session(Misbehaving, TLS_FTPHandler):
        certfile = arguments.cert
        dtp_handler = Data
else:
    class Data(Receiving, ThrottledDTPHandler):
        pass

    class Session(Misbehaving, FTPHandler):
        dtp_handler = Data

server = FTPServer(("127.0.0.1", 0), Session)
server.max_cons = server.max_cons_per_ip = 500
print("PORT", server.socket.getsockname()[1], flush=True)
server.serve_forever()
