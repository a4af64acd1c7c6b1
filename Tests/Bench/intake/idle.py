#!/usr/bin/env python3
"""Proves that connections on which nothing happens are cheap.

    idle.py [--connections 10000]

Opens that many to Web, each of which lists the files of a user by token and is then left open. Compares the memory of Web before and
after, asks once more on a sample of them, and looks that all were open at the same time. Web and this program need that many descriptors
each: the hard limit of `ulimit -n`.

Exit status 0 when all the connections together take less than the limit, which is 200 MiB for 10,000.
"""

import argparse
import http.client
import socket
import time

import stand

from stand import HOST, Failure, report

# Of 10,000.
LIMIT = 200
# Asked before the first answer is read: more than one Web at a time would wait for.
AT_ONCE = 100


def ask(connections, request):
    for connection in connections:
        connection.sendall(request)
    for connection in connections:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        if answer.status != 200 or answer.will_close:
            raise Failure(f"a request is answered with {answer.status}, or the connection is not kept")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--connections", type=int, default=10_000)
    count = options.parse_args().connections
    stand.allow_descriptors(count + 256)
    # Long enough to open them all and to look.
    with stand.Stack(SLUICE_CONNECTIONS=str(max(4096, count + 100)), SLUICE_IDLE_TIMEOUT="10m") as stack:
        port = stack.ports["web"]
        request = (f"GET /api/v1/files?limit=1 HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {stack.token('idle')}\r\n\r\n").encode()
        warm = [socket.create_connection((HOST, port), timeout=60) for _ in range(AT_ONCE)]
        for _ in range(10):
            ask(warm, request)
        for connection in warm:
            connection.close()
        time.sleep(1)
        before, connections, start = stack.memory("web"), [], time.monotonic()
        while len(connections) < count:
            some = [socket.create_connection((HOST, port), timeout=60) for _ in range(min(AT_ONCE, count - len(connections)))]
            ask(some, request)
            connections += some
        seconds, after = time.monotonic() - start, stack.memory("web")
        ask(connections[::len(connections) // AT_ONCE], request)
        print(f"{count} connections in {seconds:.1f} s: {before:.1f} MiB before, {after:.1f} MiB after, peak {stack.memory('web', 'VmHWM'):.1f} MiB,"
              f" {(after - before) * 1024 / count:.1f} KiB each", flush=True)
        holds = report(f"memory for {count} idle connections", after - before, LIMIT * count / 10_000)
        for connection in connections:
            connection.close()
        return 0 if holds else 1


if __name__ == "__main__":
    stand.program(main)
