#!/usr/bin/env python3
"""Proves that Web's memory depends neither on how many uploads there are nor on how long they are.

    memory.py [--uploads 256] [--size 64] [--large 10240]

Two measurements, each with a Web that has just begun and got one small file: the most memory it has resident (VmHWM) with 256
uploads of 64 MiB at the same time, of four users, straight to it; and how much its memory grows by one upload of 10 GiB.
Defaults on. Every digest is compared. The disk must hold what is sent at a time, once in staging and once on the FTP server.

Exit status 0 when both are below their limits.
"""

import argparse
import hashlib
import os
import time

import stand

from stand import MIB, Account, Failure, Pool, Upload, report

# Uploads that a user may have at a time, by default.
OF_A_USER = 64
LIMIT = 150
GROWTH = 60


def many(stack, accounts, count, size):
    pool = Pool(size, 16)
    begin(stack, accounts[0])
    stretches, first, start = {}, stack.memory("web"), time.monotonic()

    def ended(upload):
        entry = upload.file_answered()
        if entry["sha256"] != pool.digests[stretches[upload]]:
            raise Failure(f"the digest is {entry['sha256']}, of other bytes than were sent")
        upload.account.delete([entry["id"]])

    for number in range(count):
        stretch = number % len(pool.starts)
        upload = Upload(stack.ports["web"], accounts[number // OF_A_USER], (pool.file, pool.starts[stretch], size), size)
        stretches[upload] = stretch
    stand.run(stretches, ended)
    rate = count * size / MIB / (time.monotonic() - start)
    print(f"{count} uploads of {size // MIB} MiB at the same time: {rate:.0f} MiB/s; before them {first:.1f} MiB resident", flush=True)
    holds = report(f"  peak memory of Web with {count} uploads", stack.memory("web", "VmHWM"), LIMIT)
    stack.await_room()
    return holds


def large(stack, account, size):
    pool = Pool(64 * MIB, 1)
    digest, left = hashlib.sha256(), size
    while left > 0:
        digest.update(pool.bytes(0)[:left])
        left -= pool.size
    begin(stack, account)
    first, start, answered = stack.memory("web"), time.monotonic(), []
    stand.run([Upload(stack.ports["web"], account, (pool.file, pool.starts[0], pool.size), size)], answered.append)
    entry = answered[0].file_answered()
    if entry["sha256"] != digest.hexdigest() or entry["size"] != size:
        raise Failure(f"size and digest are {entry['size']}, {entry['sha256']}, of other bytes than were sent")
    print(f"one upload of {size // MIB} MiB: {size / MIB / (time.monotonic() - start):.0f} MiB/s; before it {first:.1f} MiB resident", flush=True)
    holds = report("  growth of Web's memory by one upload", stack.memory("web", "VmHWM") - first, GROWTH)
    account.delete([entry["id"]])
    stack.await_room()
    return holds


def begin(stack, account):
    stack.restart("web")
    upload = Upload(stack.ports["web"], account, (open("/dev/urandom", "rb"), 0, 1), 0)
    stand.run([upload], lambda upload: account.delete([upload.file_answered()["id"]]))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--uploads", type=int, default=256, help="at the same time; 0 for none")
    options.add_argument("--size", type=int, default=64, help="MiB of each")
    options.add_argument("--large", type=int, default=10240, help="MiB of the large one; 0 for none")
    options = options.parse_args()
    stand.allow_descriptors(options.uploads + 256)
    with stand.Stack() as stack:
        tokens = [stack.token(f"memory-{number}") for number in range(max(1, -(-options.uploads // OF_A_USER)))]
        accounts = [Account(stack.ports["web"], token) for token in tokens]
        results = []
        if options.uploads:
            results.append(many(stack, accounts, options.uploads, options.size * MIB))
        if options.large:
            results.append(large(stack, accounts[0], options.large * MIB))
        return 0 if all(results) else 1


if __name__ == "__main__":
    stand.program(main)
