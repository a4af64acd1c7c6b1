#!/usr/bin/env python3
"""Uploads a file with tuspy while the servers behind it come and go: resume.py FOLDER TOKEN MIB MIB_PER_SECOND CHUNK_MIB PORT PORT

Between client and servers stands a proxy that takes the server which answers, stays with it while it does, slows the bytes down, and
writes down what each request sent and was told. Prints all of that as JSON.
"""

import hashlib
import json
import os
import pathlib
import select
import socket
import sys
import threading
import time

from tusclient import client, exceptions

PIECE = 64 << 10


class Proxy:
    def __init__(self, ports, rate):
        self.ports, self.rate, self.requests = ports, rate, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(peer,), daemon=True).start()

    def connect(self):
        """A connection to the server of the last time, or to the other one."""
        for port in list(self.ports):
            try:
                server = socket.create_connection(("127.0.0.1", port), timeout=30)
            except OSError:
                continue
            self.ports.sort(key=lambda other: other != port)
            return server
        return None

    def carry(self, peer):
        """One request and its answer."""
        note = {"method": "", "offset": None, "sent": 0, "status": None, "told": None}
        with peer:
            head, rest = read_head(peer)
            server = self.connect()
            if not head or not server:
                return
            self.requests.append(note)
            start, fields = parse(head)
            note["method"] = start.split(" ")[0]
            note["offset"] = number(fields.get("upload-offset"))
            with server:
                try:
                    server.sendall(head)
                    self.body(peer, server, rest, number(fields.get("content-length")) or 0, note)
                    self.answer(peer, server, note)
                except OSError:
                    pass

    def body(self, peer, server, rest, length, note):
        began = time.monotonic()
        while note["sent"] < length:
            piece = rest or peer.recv(min(PIECE, length - note["sent"]))
            rest = b""
            if not piece:
                return
            server.sendall(piece)
            note["sent"] += len(piece)
            time.sleep(max(0, began + note["sent"] / self.rate - time.monotonic()))
            # An answer before the end of the body, or the end of the server.
            if select.select([server], [], [], 0)[0]:
                return

    def answer(self, peer, server, note):
        head, rest = read_head(server)
        if not head:
            return
        start, fields = parse(head)
        note["status"] = int(start.split(" ")[1])
        note["told"] = number(fields.get("upload-offset"))
        length = 0 if note["method"] == "HEAD" else number(fields.get("content-length")) or 0
        while len(rest) < length:
            piece = server.recv(PIECE)
            if not piece:
                return
            rest += piece
        peer.sendall(head + rest)


def read_head(source):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = source.recv(PIECE)
        if not piece:
            return b"", b""
        head += piece
    end = head.index(b"\r\n\r\n") + 4
    return head[:end], head[end:]


def parse(head):
    start, *lines = head.decode("latin-1").split("\r\n")[:-2]
    return start, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def number(text):
    return int(text) if text else None


def content(path, mebibytes):
    """Makes a file and tells its digest."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mebibytes):
            piece = os.urandom(1 << 20)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def create(uploader):
    """tuspy tries a creation once."""
    for _ in range(50):
        try:
            return uploader.create_url()
        except exceptions.TusCommunicationError:
            time.sleep(0.2)
    raise SystemExit("no upload could be created")


def main():
    folder, token, size, rate, chunk = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    path = pathlib.Path(folder) / "resumed.bin"
    digest = content(path, size)
    proxy = Proxy([int(port) for port in sys.argv[6:]], rate << 20)
    tus = client.TusClient(f"http://127.0.0.1:{proxy.port}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    uploader = tus.uploader(
        str(path), chunk_size=chunk << 20, retries=100, retry_delay=0.2, metadata={"filename": "resumed.bin"})
    uploader.set_url(create(uploader))
    uploader.upload()
    print(json.dumps({"digest": digest, "size": size << 20, "requests": proxy.requests}))


if __name__ == "__main__":
    main()
