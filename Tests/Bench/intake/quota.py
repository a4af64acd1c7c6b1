#!/usr/bin/python3
"""Proves that a quota holds to the byte while many uploads of one user meet it at two Webs at once.

    quota.py [WAY …] [--uploads 64] [--size 33554432] [--quota 1073741824]

WAY: length (PUT that tells its length), chunked (PUT that does not), tus (creation, then PATCH); all of them unless some are named. Each way
sends all uploads at the same time, every other one to the second Web, and each of them has either its file or a refusal that names the
limit. Never is more accepted than the quota; with equal sizes and lengths told, exactly what fits. Then the files are deleted, and the whole
quota is there again: the next way begins with that.

Exit status 0 when it holds.
"""

import argparse
import base64
import concurrent.futures
import hashlib
import http.client
import json
import os

import stand
from stand import HOST, Account, Failure, until

CHUNK = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}


class Client:
    """One upload, on a connection of its own."""

    def __init__(self, port, token, content, digest):
        self.port, self.content, self.digest = port, content, digest
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, body=None, **headers):
        """- Returns: status, fields and the decoded body. A refusal may come, and end the connection, while the body is still sent."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=300)
        try:
            try:
                connection.request(method, path, body, {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}},
                                   encode_chunked=headers.get("Transfer_Encoding") == "chunked")
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = http.client.HTTPResponse(connection.sock, method=method)
            answer.begin()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
        finally:
            connection.close()

    def length(self):
        return self.file(*self.ask("PUT", "/api/v1/files/quota.bin", self.content))

    def chunked(self):
        pieces = (self.content[start:start + CHUNK] for start in range(0, len(self.content), CHUNK))
        return self.file(*self.ask("PUT", "/api/v1/files/quota.bin", pieces, Transfer_Encoding="chunked"))

    def tus(self):
        status, fields, body = self.ask("POST", "/api/v1/uploads", **TUS, Upload_Length=str(len(self.content)),
                                        Upload_Metadata="filename " + base64.b64encode(b"quota.bin").decode())
        if status != 201:
            return self.refusal(status, body)
        status, fields, body = self.ask("PATCH", fields["Location"], self.content, **TUS, Upload_Offset="0",
                                        Content_Type="application/offset+octet-stream")
        if status != 204:
            return self.refusal(status, body)
        return fields["Sluice-File"]

    def file(self, status, fields, body):
        if status != 202:
            return self.refusal(status, body)
        if body["files"][0]["sha256"] != self.digest:
            raise Failure("the digest is that of other bytes")
        return body["files"][0]["id"]

    def refusal(self, status, problem):
        """- Returns: None, if the refusal says which limit it is and how much it lets in."""
        if status != 413 or not problem["type"].endswith("/quota-exceeded"):
            raise Failure(f"an upload is answered with {status}: {problem}")
        if problem["limit"] != "bytes" or problem["used"] + problem["reserved"] > problem["maximum"]:
            raise Failure(f"a refusal does not name the limit: {problem}")
        return None


def used(account):
    return json.loads(account.ask("GET", "/api/v1/me")[1])["quota"]["bytes"]


def prove(way, stack, account, token, options, content):
    digest = hashlib.sha256(content).hexdigest()
    clients = [Client(stack.ports[name], token, content, digest) for name in ("web", "second") * (options.uploads // 2)]
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        ids = [id for id in pool.map(lambda client: getattr(client, way)(), clients) if id]
    accepted = len(ids) * options.size
    rows = int(stack.site.sql("SELECT coalesce(sum(size), 0) FROM files WHERE state <> 'deleting'")[0][0])
    until("/me tells what is used", lambda: used(account)["used"] == accepted, 20)
    isExact = accepted == options.quota // options.size * options.size
    holds = rows == accepted <= options.quota and (isExact or way == "chunked")
    account.delete(ids)
    until("the room is back", lambda: used(account) == {"limit": options.quota, "used": 0, "reserved": 0}, 30)
    stack.await_room()
    print(f"{way:<8}{len(ids)} of {len(clients)} accepted, {rows} of {options.quota} bytes, {len(clients) - len(ids)} refusals name the limit,"
          f" all room is back{'' if holds else '   FAILED'}", flush=True)
    return holds


def main():
    ways = ("length", "chunked", "tus")
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("ways", nargs="*", metavar="WAY", help=" ".join(ways))
    options.add_argument("--uploads", type=int, default=64)
    options.add_argument("--size", type=int, default=32 << 20, help="bytes of each")
    options.add_argument("--quota", type=int, default=1 << 30, help="bytes")
    options = options.parse_args()
    content = os.urandom(options.size)
    with stand.Stack(SLUICE_QUOTA_BYTES=str(options.quota)) as stack:
        stack.control("start", "web-2")
        stack.ports["second"] = stack.ports["more_webs"] + 2
        token = stack.token("quota")
        account = Account(stack.ports["front"], token)
        return 0 if all([prove(way, stack, account, token, options, content) for way in options.ways or ways]) else 1


if __name__ == "__main__":
    stand.program(main)
