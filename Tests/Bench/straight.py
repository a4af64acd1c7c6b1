#!/usr/bin/python3
"""What libcurl alone does with an FTP server: straight.py URL COUNT. Prints files per second.

4 KiB files over 8 sessions that stay open, a process each so that Python's lock is not what is measured. Nothing is verified, renamed
or recorded: the ceiling of what follows an upload.
"""
import io
import multiprocessing
import os
import sys
import time

import pycurl

SESSIONS = 8


def put(url, session, count, barrier, times):
    content = os.urandom(4096)
    multi, handle, last = pycurl.CurlMulti(), pycurl.Curl(), []
    for option, value in {
        pycurl.UPLOAD: 1, pycurl.FTP_USE_EPSV: 0, pycurl.FTP_SKIP_PASV_IP: 1, pycurl.FTP_FILEMETHOD: pycurl.FTPMETHOD_NOCWD,
        pycurl.NOSIGNAL: 1, pycurl.TIMEOUT: 60, pycurl.INFILESIZE: len(content), pycurl.HEADERFUNCTION: lambda line: last.append(line[:4]),
    }.items():
        handle.setopt(option, value)
    barrier.wait()
    start = time.perf_counter()
    for number in range(count):
        handle.setopt(pycurl.URL, f"{url}/straight-{session}-{number}")
        handle.setopt(pycurl.READDATA, io.BytesIO(content))
        multi.add_handle(handle)
        while multi.perform()[1]:
            # libcurl 7.88 has nothing to wait for between the reply that names the data port and the connection to it, and
            # would sleep for a second.
            if last[-1:] == [b"227 "]:
                last.clear()
            else:
                multi.select(1)
        if multi.info_read()[2]:
            sys.exit("a file was refused")
        multi.remove_handle(handle)
        last.clear()
    times.put((start, time.perf_counter()))


def main():
    url, count = sys.argv[1].rstrip("/"), int(sys.argv[2]) // SESSIONS
    barrier, times = multiprocessing.Barrier(SESSIONS), multiprocessing.Queue()
    sessions = [multiprocessing.Process(target=put, args=(url, number, count, barrier, times)) for number in range(SESSIONS)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    if any(session.exitcode for session in sessions):
        sys.exit("a session failed")
    taken = [times.get() for _ in sessions]
    print(count * SESSIONS / (max(end for _, end in taken) - min(start for start, _ in taken)))


if __name__ == "__main__":
    main()
