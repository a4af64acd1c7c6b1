#!/usr/bin/python3
"""Proves that parallel uploads neither mix nor pile up: ten at a time, a thousand in all, each way in.

    parallel.py [WAY …] [--uploads 1000] [--at-once 10] [--size 50000000]

WAY: direct (HTTP/1.1 straight to Web), front (HTTP/1.1 through nginx), http2 (HTTP/2 to nginx, a new connection for each upload: several over
one, at the same time or one after the other, end libcurl 7.88 with error 16, where h2load sends twenty over one); all of them unless some are
named. Each upload of a round has bytes of its own; the digest that is answered must be theirs, and of one in each round so must
that of a download. Web's resident memory is looked at after each round: it is flat when the last quarter of the rounds is no higher
than the second, but for what one round takes at most. The first quarter may warm up. Bytes are deleted round by round.

Exit status 0 when all digests are right and memory is flat.
"""

import argparse
import io
import json
import statistics
import time

import pycurl
import stand
from stand import HOST, Account, Failure, Pool

WAYS = {"direct": ("web", pycurl.CURL_HTTP_VERSION_1_1), "front": ("front", pycurl.CURL_HTTP_VERSION_1_1),
        "http2": ("front_h2", pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)}
# MiB by which memory may differ between two looks at the same work.
SWING = 16


class Sender:
    """A transfer that is used again and again, so that connections of HTTP/1.1 stay."""

    def __init__(self, url, version, account):
        self.handle = pycurl.Curl()
        self.url = url
        for option, value in {
            pycurl.UPLOAD: 1, pycurl.HTTP_VERSION: version, pycurl.NOSIGNAL: 1, pycurl.TIMEOUT: 300,
            pycurl.FORBID_REUSE: version == pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
            pycurl.UPLOAD_BUFFERSIZE: 1 << 20, pycurl.READFUNCTION: self.read,
            pycurl.HTTPHEADER: ["Expect:", *(f"{name}: {value}" for name, value in account.headers.items())],
        }.items():
            self.handle.setopt(option, value)

    def begin(self, content, digest):
        self.content, self.digest, self.place, self.answer = content, digest, 0, io.BytesIO()
        self.handle.setopt(pycurl.URL, self.url)
        self.handle.setopt(pycurl.INFILESIZE_LARGE, len(content))
        self.handle.setopt(pycurl.WRITEDATA, self.answer)

    def read(self, count):
        some = bytes(self.content[self.place:self.place + count])
        self.place += len(some)
        return some

    def file_answered(self):
        status = self.handle.getinfo(pycurl.RESPONSE_CODE)
        if status != 202:
            raise Failure(f"an upload is answered with {status}: {self.answer.getvalue()[:400]}")
        entry = json.loads(self.answer.getvalue())["files"][0]
        if entry["sha256"] != self.digest:
            raise Failure(f"the digest is {entry['sha256']}, of other bytes than were sent")
        return entry


def round_of(multi, senders):
    for sender in senders:
        multi.add_handle(sender.handle)
    while multi.perform()[1]:
        multi.select(1)
    _, _, failed = multi.info_read(len(senders))
    if failed:
        raise Failure(f"an upload failed: {failed[0][1:]}")
    for sender in senders:
        multi.remove_handle(sender.handle)
    return [sender.file_answered() for sender in senders]


def prove(way, stack, account, pool, options):
    port, version = WAYS[way]
    stack.restart("web")
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, 0)
    senders = [Sender(f"http://{HOST}:{stack.ports[port]}/api/v1/files/parallel.bin", version, account) for _ in range(options.at_once)]
    memory, seconds, rounds = [], 0, options.uploads // options.at_once
    for number in range(rounds):
        for place, sender in enumerate(senders):
            stretch = (number * 3 + place) % len(pool.starts)
            sender.begin(pool.bytes(stretch), pool.digests[stretch])
        start = time.monotonic()
        entries = round_of(multi, senders)
        seconds += time.monotonic() - start
        memory.append(stack.memory("web"))
        looked_at = number % len(entries)
        if account.digest_of(entries[looked_at]["id"]) != entries[looked_at]["sha256"]:
            raise Failure("a download is not what was uploaded")
        account.delete([entry["id"] for entry in entries])
        stack.await_room(2 * options.at_once * options.size)
    quarter = max(1, rounds // 4)
    second, last = statistics.mean(memory[quarter:2 * quarter] or memory), statistics.mean(memory[-quarter:])
    flat = last < second + SWING
    print(f"{way:<8}{rounds * options.at_once} uploads, all digests right; {rounds * options.at_once * options.size / 1e6 / seconds:.0f} MB/s; Web's memory"
          f" after a quarter {second:.1f} MiB, at the end {last:.1f}, at most {stack.memory('web', 'VmHWM'):.1f}{'' if flat else '   FAILED'}", flush=True)
    return flat


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("ways", nargs="*", metavar="WAY", help=" ".join(WAYS))
    options.add_argument("--uploads", type=int, default=1000, help="in all, each way")
    options.add_argument("--at-once", type=int, default=10)
    options.add_argument("--size", type=int, default=50_000_000, help="bytes of each")
    options = options.parse_args()
    for way in options.ways:
        if way not in WAYS:
            raise Failure(f"there is no way {way}")
    pool = Pool(options.size, 16)
    with stand.Stack() as stack:
        account = Account(stack.ports["front"], stack.token("parallel"))
        return 0 if all([prove(way, stack, account, pool, options) for way in options.ways or WAYS]) else 1


if __name__ == "__main__":
    stand.program(main)
