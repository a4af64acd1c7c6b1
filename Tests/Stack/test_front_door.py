"""nginx's rules, against the real nginx with an upstream that says what it received. Needs `compose/local/with-servers`."""

import contextlib
import ftplib
import http.server
import json
import os
import pathlib
import socket
import struct
import threading
import time
import unittest
import urllib.parse

FRONT = urllib.parse.urlsplit(os.environ.get("SLUICE_TEST_NGINX", ""))
STORED = b"0123456789"


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers what it was asked; below /accel/ it hands the rest of the path to nginx, as Web does."""

    first_body_byte = threading.Event()
    bodies_begun = threading.Semaphore(0)
    asked = []

    def log_message(self, *_):
        pass

    def parse_request(self):
        Upstream.asked.append(self.raw_requestline)
        return super().parse_request()

    def do_GET(self):
        body = b""
        self.send_response(200)
        if self.path.startswith("/accel/"):
            self.send_header("X-Accel-Redirect", "/_stored/" + self.path.removeprefix("/accel/"))
            self.send_header("Content-Type", "text/html")
            self.send_header("Repr-Digest", "sha-256=:AAAA:")
            self.send_header("Content-Disposition", 'attachment; filename="x.html"')
        else:
            body = json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.rfile.read(1)
        Upstream.first_body_byte.set()
        Upstream.bodies_begun.release()
        self.rfile.read(int(self.headers["Content-Length"]) - 1)
        self.send_response(204)
        self.end_headers()

    def do_POST(self):
        """Adds the lines of a chunked body, and those behind it, to what was asked."""
        while Upstream.asked[-1] != b"0\r\n":
            Upstream.asked.append(self.rfile.readline())
            Upstream.first_body_byte.set()
        while Upstream.asked[-1] not in (b"\r\n", b""):
            Upstream.asked.append(self.rfile.readline())
        self.send_response(204)
        self.end_headers()


def request(target, method="GET", headers=()):
    """One request exactly as spelled: no client library tidies the target. Returns status, headers, body."""
    lines = [f"{method} {target} HTTP/1.1", "Host: sluice.test", "Connection: close", *headers]
    return parsed(exchange("\r\n".join(lines).encode() + b"\r\n\r\n"))


def exchange(sent):
    """All that comes back for these bytes on a connection of their own, until nginx ends it."""
    with socket.create_connection((FRONT.hostname, FRONT.port), timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def parsed(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    return int(status.split()[1]), {k.lower(): v for k, v in (field.split(": ", 1) for field in fields)}, body


class FrontDoor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        host, port = os.environ["SLUICE_TEST_NGINX_UPSTREAM"].split(":")
        cls.server = http.server.ThreadingHTTPServer((host, int(port)), Upstream)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        ftp_url = urllib.parse.urlsplit(os.environ["SLUICE_TEST_FTP"])
        with ftplib.FTP() as ftp:
            ftp.connect(ftp_url.hostname, ftp_url.port)
            ftp.login(ftp_url.username, ftp_url.password)
            with contextlib.suppress(ftplib.error_perm):
                ftp.mkd("front-door")
            with ftp.transfercmd("STOR front-door/stored") as data:
                data.sendall(STORED)
            ftp.voidresp()
        root = os.environ["SLUICE_TEST_FTP_ROOT"]
        for name, goal in (("link", "/etc/passwd"), ("folder-link", "/etc")):
            os.symlink(goal, f"{root}/front-door/{name}")

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def test_h59_words_between_web_and_nginx_are_not_taken_from_clients(self):
        names = ["X-Accel-Redirect", "x-accel-mapping", "X-Accel-Buffering", "X-Accel-Charset", "X-Accel-Expires", "X-Accel-Limit-Rate",
                 "X-Sendfile", "X-SENDFILE-TYPE", "X-Lighttpd-Send-File", "X_Accel_Redirect", "X-Original-URL", "Forwarded",
                 "X-Forwarded-Host", "X-Real-IP", "Proxy"]  # fmt: skip
        status, _, body = request("/echo", headers=[f"{name}: /_stored/front-door/stored" for name in names])
        self.assertEqual(status, 200)
        received = json.loads(body)["headers"]
        self.assertEqual([name for name in names if name.lower() in received], [])

    def test_h59_the_client_address_is_nginxs_word(self):
        _, _, body = request("/echo", headers=["X-Forwarded-For: 192.0.2.1", "X-Request-ID: mine"])
        received = json.loads(body)["headers"]
        self.assertEqual(received["x-forwarded-for"], "127.0.0.1")
        self.assertNotEqual(received["x-request-id"], "mine")

    def test_h59_internal_locations_do_not_exist_outside(self):
        for target in ("/_stored/front-door/stored", "/_stored/", "//_stored/front-door/stored", "/%5fstored/front-door/stored",
                       "/x/../_stored/front-door/stored", "/x/..%2f_stored/front-door/stored", "/_problem", "/_busy", "/_unavailable"):  # fmt: skip
            with self.subTest(target):
                status, headers, body = request(target)
                self.assertEqual((status, headers["content-type"]), (404, "application/problem+json"))
                self.assertNotIn(STORED, body)

    def test_h61_nothing_outside_the_root_and_no_listing(self):
        for target in ("/accel/front-door/", "/accel/front-door", "/accel/", "/accel/front-door/link", "/accel/front-door/folder-link/passwd",
                       "/accel/../etc/vsftpd.conf", "/accel/..%2fetc/vsftpd.conf", "/accel/nothing"):  # fmt: skip
            with self.subTest(target):
                status, _, body = request(target)
                self.assertEqual((status, json.loads(body)["status"]), (404, 404))
        for target in ("/_stored/..%2f..%2fetc/passwd", "/../../etc/passwd"):
            with self.subTest(target):
                self.assertEqual(request(target)[0], 400)

    def test_h61_off_by_slash_is_an_ordinary_path_for_web(self):
        _, _, body = request("/_stored../etc/passwd")
        self.assertEqual(json.loads(body)["path"], "/_stored../etc/passwd")

    def test_h41_stored_bytes_cannot_run_in_a_page(self):
        status, headers, body = request("/accel/front-door/stored")
        self.assertEqual((status, body), (200, STORED))
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertEqual(headers["content-security-policy"], "default-src 'none'; sandbox")
        self.assertEqual(headers["content-disposition"], 'attachment; filename="x.html"')

    def test_h58_one_range_or_none(self):
        self.assertEqual(request("/accel/front-door/stored", headers=["Range: bytes=2-4"])[::2], (206, b"234"))
        self.assertEqual(request("/accel/front-door/stored", headers=["Range: bytes=0-1,2-3,0-9"])[::2], (200, STORED))
        self.assertEqual(request("/accel/front-door/stored", headers=["Range: bytes=10-"])[0], 416)

    def test_h58_very_many_ranges_and_numbers_beyond_64_bits(self):
        for ranges, statuses in ((",".join(["0-9"] * 1000), (200, 416)), ("-99999999999999999999", (200, 206, 416)),
                                 ("9223372036854775807-", (416,)), ("99999999999999999999-", (416,)), ("0-18446744073709551616", (200, 206, 416)),
                                 ("0-0,-9223372036854775808", (200, 416))):  # fmt: skip
            with self.subTest(ranges[:40]):
                status, headers, body = request("/accel/front-door/stored", headers=[f"Range: bytes={ranges}"])
                self.assertIn(status, statuses)
                if status == 416:
                    self.assertEqual(headers["content-type"], "application/problem+json")
                else:
                    self.assertEqual(body, STORED)

    def test_h13_a_frame_that_can_be_read_in_two_ways_gets_no_further(self):
        for fields in (["Content-Length: -1"], ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 5", "Content-Length: 5"],
                       ["Content-Length: +5"], ["Content-Length: 5, 5"], ["Content-Length: 0x5"], ["Content-Length: " + "9" * 20],
                       ["Content-Length: 5", "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Content-Length: 5"],
                       ["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked, identity"], ["Transfer-Encoding: identity"],
                       ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], ["Transfer-Encoding : chunked"],
                       ["X: y", " Content-Length: 5"], [" Content-Length: 5"], ["Transfer-Encoding:\x0bchunked"]):  # fmt: skip
            with self.subTest(fields):
                Upstream.asked.clear()
                head = "\r\n".join(["PUT /f HTTP/1.1", "Host: a", *fields])
                answer = exchange(head.encode() + b"\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
                status, headers, _ = parsed(answer)
                self.assertIn(status, (400, 501))
                self.assertEqual((headers["connection"], headers["content-type"]), ("close", "application/problem+json"))
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)
                # One that was let through would be there by the time of the next.
                request("/echo")
                self.assertEqual(Upstream.asked, [b"GET /echo HTTP/1.1\r\n"])

    def test_h54_a_trailer_is_not_passed_on(self):
        Upstream.asked.clear()
        Upstream.first_body_byte.clear()
        with socket.create_connection((FRONT.hostname, FRONT.port), timeout=10) as connection:
            connection.sendall(b"POST /chunks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            self.assertTrue(Upstream.first_body_byte.wait(10))
            connection.sendall(b"0\r\nUpload-Checksum: sha1 AAAA\r\nContent-Digest: sha-256=:AAAA:\r\n\r\n")
            self.assertIn(b" 204 ", connection.recv(65536).split(b"\r\n")[0])
        self.assertEqual(Upstream.asked, [b"POST /chunks HTTP/1.1\r\n", b"1\r\n", b"a\r\n", b"0\r\n", b"\r\n"])

    def test_digests_and_keys_pass_both_ways(self):
        status, headers, _ = request("/accel/front-door/stored", headers=["Range: bytes=2-4"])
        self.assertEqual((status, headers["repr-digest"]), (206, "sha-256=:AAAA:"))
        fields = {"idempotency-key": '"a-b"', "content-digest": "sha-256=:AAAA:", "repr-digest": "sha-512=:AAAA:", "content-md5": "AAAA"}
        _, _, body = request("/anything", headers=[f"{name}: {value}" for name, value in fields.items()])
        seen = json.loads(body)["headers"]
        self.assertEqual({name: seen.get(name) for name in fields}, fields)

    def test_trace_is_refused_and_no_version_told(self):
        status, headers, _ = request("/echo", method="TRACE")
        self.assertEqual((status, headers["server"]), (405, "nginx"))

    def test_h6_huge_headers_are_refused(self):
        self.assertEqual(request("/echo", headers=["X: " + "a" * 20_000])[0], 431)

    def test_h14_http2_is_not_spoken(self):
        with socket.create_connection((FRONT.hostname, FRONT.port), timeout=10) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        self.assertIn(answer.split(b" ")[1][:1], (b"4", b"5"))
        self.assertEqual(request("/echo", headers=["Upgrade: h2c", "HTTP2-Settings: AAMAAABk"])[0], 200)

    def test_h14_no_line_break_gets_through_http2(self):
        self.assertEqual(self.status_over_http2(b"/echo"), b"\x88", "an ordinary path")
        for path in (b"/echo HTTP/1.1\r\nX-Accel-Redirect: /x", b"/echo\nX: y", b"/echo\0", b"echo"):
            with self.subTest(path):
                self.assertNotEqual(self.status_over_http2(path), b"\x88")

    def status_over_http2(self, path):
        """The first byte of the answer's fields: 0x88 stands for 200 (RFC 7541, appendix A). Nothing where the stream or the connection was ended."""
        ports = dict(line.split("=") for line in pathlib.Path(os.environ["SLUICE_TEST_STATE"], "ports").read_text().split())
        fields = b"\x82\x86\x04" + bytes([len(path)]) + path + b"\x01\x01x"
        frame = lambda kind, flags, stream, payload: struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
        with socket.create_connection((FRONT.hostname, int(ports["front_h2"])), timeout=10) as connection, connection.makefile("rb") as stream:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(1, 5, 1, fields))
            while len(head := stream.read(9)) == 9:
                payload = stream.read(int.from_bytes(head[:3], "big"))
                if head[3] == 1:
                    # A change of the table's size may come first.
                    return payload.lstrip(b"\x20\x3f\xe1\x1f")[:1]
                if head[3] in (3, 7):
                    return b""
        return b""

    def test_one_address_cannot_take_all_connections(self):
        with contextlib.ExitStack() as stack:
            while Upstream.bodies_begun.acquire(blocking=False):
                pass
            held = []
            for _ in range(256):
                held.append(stack.enter_context(socket.create_connection((FRONT.hostname, FRONT.port), timeout=10)))
                held[-1].sendall(b"PUT /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\na")
                self.assertTrue(Upstream.bodies_begun.acquire(timeout=10))
            status, headers, body = request("/echo")
            self.assertEqual((status, headers["content-type"], json.loads(body)["status"]), (429, "application/problem+json", 429))
            self.assertEqual(headers["retry-after"], "1")
            # Who asks where an upload goes on would take that for the end of it.
            status, headers, body = request("/api/v1/uploads/0190", method="HEAD")
            self.assertEqual((status, headers["retry-after"], body), (423, "2", b""))
            for method, target in (("PATCH", "/api/v1/uploads/0190"), ("HEAD", "/api/v1/files/0190/content")):
                self.assertEqual(request(target, method=method)[0], 429, method)
            # nginx may go on listening to a connection for a moment after its answer.
            held[0].close()
            answers = (request("/echo")[0] for _ in range(1000))
            self.assertIn(200, answers)

    def test_bodies_are_passed_on_while_they_arrive(self):
        Upstream.first_body_byte.clear()
        with socket.create_connection((FRONT.hostname, FRONT.port), timeout=10) as connection:
            connection.sendall(b"PUT /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\na")
            self.assertTrue(Upstream.first_body_byte.wait(10))
            connection.sendall(b"b")
            self.assertIn(b" 204 ", connection.recv(65536).split(b"\r\n")[0])


class NoUpstream(unittest.TestCase):
    def test_asvs_14_2_1_links_to_choose_a_password_are_in_no_log(self):
        state = pathlib.Path(os.environ["SLUICE_TEST_STATE"])
        status, headers, _ = request("/password/reset?token=" + "s3cret" * 7 + "x")
        self.assertEqual(status, 503)
        self.assertNotIn("strict-transport-security", headers, "browsers come without TLS here")
        request("/elsewhere?token=known")
        # Errors are written as they happen, and access a second later.
        deadline = time.monotonic() + 20
        while "token=known" not in (errors := (state / "logs/nginx.log").read_text()) or '"status":503' not in (state / "nginx/access.log").read_text():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertNotIn("s3cret", errors + (state / "nginx/access.log").read_text())

    def test_h38_no_terminal_escape_gets_into_a_log(self):
        state = pathlib.Path(os.environ["SLUICE_TEST_STATE"])
        logs = (state / "logs/nginx.log", state / "nginx/access.log")
        for path in (b"/gone", b"/api/v1/uploads", b"/api/v1/uploads/gone"):
            for line, fields in ((b"GET " + path, b"Referer: \x1b[31mevil\xff"), (b"GET " + path, b"Referer: http://\xc2\x9b31mevil/"),
                                 (b"GET " + path, b"User-Agent: \x1b[31mevil\xff"), (b"GET " + path + b"\xc2\x9b31mevil", b"A: b"),
                                 (b"GET " + path + b"\x1b[31mevil", b"A: b"), (b"\x1b[31m " + path, b"A: b"), (b"GET " + path, b"\x1b\xff: b")):  # fmt: skip
                with self.subTest(line + b" " + fields):
                    status, _, _ = parsed(exchange(line + b" HTTP/1.1\r\nHost: sluice.test\r\nConnection: close\r\n" + fields + b"\r\n\r\n"))
                    self.assertIn(status, (400, 503))
            for host in (b"\x1b[31m", b"a\xff", b"\xc2\x9b31m"):
                with self.subTest(path + b" " + host):
                    answer = exchange(b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
                    self.assertIn(parsed(answer)[0], (400, 503))
        self.assertEqual(request("/gone", headers=["Referer: http://known/"])[0], 503)
        # Errors are written as they happen, and access a second later.
        deadline = time.monotonic() + 20
        while b"http://known/" not in logs[0].read_bytes() or b'"status":503' not in logs[1].read_bytes():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        for log in logs:
            lines = log.read_bytes().split(b"\n")
            self.assertEqual([line for line in lines if any(byte < 0x20 or byte >= 0x7F for byte in line)], [])

    def test_a_missing_web_is_503_and_worth_another_try(self):
        status, headers, body = request("/api/v1/files")
        self.assertEqual((status, headers["content-type"], json.loads(body)["status"]), (503, "application/problem+json", 503))
        self.assertIn("retry-after", headers)

    def test_who_asks_where_an_upload_goes_on_is_told_to_ask_again(self):
        status, headers, body = request("/api/v1/uploads/0190", method="HEAD")
        self.assertEqual((status, headers["content-type"], headers["retry-after"], body), (423, "application/problem+json", "2", b""))
        for method, target in (("PATCH", "/api/v1/uploads/0190"), ("DELETE", "/api/v1/uploads/0190"), ("POST", "/api/v1/uploads"),
                               ("HEAD", "/api/v1/uploads"), ("HEAD", "/api/v1/files/0190/content")):  # fmt: skip
            with self.subTest(f"{method} {target}"):
                self.assertEqual(request(target, method=method)[0], 503)


if __name__ == "__main__":
    unittest.main()
