"""compose/local/stack, with stand-ins for the three programs: it starts, ends and reports what it should. And what can be told of the
images without Docker: their builds see every folder that the manifest names."""

import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).parents[2]
STACK = ROOT / "compose/local/stack"
NAMES = ["postgres", "redis", "ftp", "mail", "nginx", "web", "worker"]
# Stands for Web and Worker: answers every probe with 200, on its own probe's address. As Web it also says on which port it listens.
PROGRAM = """#!/usr/bin/python3 -B
import http.server, os, sys, threading
class Probe(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = str(self.server.server_port).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_PATCH = do_PUT = do_GET
if os.path.basename(sys.argv[0]) == "Web":
    host, port = os.environ["SLUICE_LISTEN"].split(":")
    threading.Thread(target=http.server.ThreadingHTTPServer((host, int(port)), Site).serve_forever, daemon=True).start()
host, port = os.environ["SLUICE_%s_PROBE" % os.path.basename(sys.argv[0]).upper()].split(":")
http.server.HTTPServer((host, int(port)), Probe).serve_forever()
"""


class Stack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-stack."))
        cls.folder.chmod(0o755)
        programs = cls.folder / "programs"
        programs.mkdir()
        for name, text in (("Web", PROGRAM), ("Worker", PROGRAM), ("sluice", '#!/bin/sh\necho "$@" "$SLUICE_DATABASE_URL"\n')):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        cls.state = cls.folder / "state"
        cls.environment = {**os.environ, "STATE": str(cls.state), "PROGRAMS": str(programs), "PORT": "0"}

    @classmethod
    def tearDownClass(cls):
        cls.stack("down")
        subprocess.run(["rm", "-rf", str(cls.folder)], check=True)

    @classmethod
    def stack(cls, *arguments, **environment):
        return subprocess.run([STACK, *arguments], env={**cls.environment, **environment}, capture_output=True, text=True, timeout=120)

    def succeed(self, *arguments, **environment):
        result = self.stack(*arguments, **environment)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def pid(self, name):
        return int((self.state / "pids" / f"{name}.pid").read_text())

    def processes_left(self):
        found = subprocess.run(["pgrep", "-f", f"{self.folder}/"], capture_output=True, text=True).stdout.split()
        return [pid for pid in found if int(pid) != os.getpid()]

    def tearDown(self):
        self.succeed("down")
        self.assertEqual(self.processes_left(), [])
        self.assertEqual(list((self.state / "pids").glob("*.pid")), [])

    def test_up_twice_starts_everything_once(self):
        status = self.succeed("up")
        for name in NAMES:
            self.assertRegex(status, rf"(?m)^{name} +runs")
        before = {name: self.pid(name) for name in NAMES}
        self.succeed("up", PORT="")
        self.assertEqual({name: self.pid(name) for name in NAMES}, before)
        self.assertEqual((self.state / "env").stat().st_mode & 0o77, 0, "passwords are the owner's")
        self.assertIn("migrate postgres://", (self.state / "logs/migrate.log").read_text())

    def test_every_process_is_killed_and_started_alone(self):
        self.succeed("up")
        for name in NAMES:
            with self.subTest(name):
                before = self.pid(name)
                self.succeed("kill", name)
                self.assertFalse(pathlib.Path(f"/proc/{before}/cmdline").exists() and pathlib.Path(f"/proc/{before}/cmdline").read_bytes())
                self.succeed("start", name)
                self.assertNotEqual(self.pid(name), before)
        self.succeed("status")

    def test_a_crash_is_reported_and_mended_by_up(self):
        self.succeed("up", "--servers-only")
        os.kill(self.pid("redis"), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while (status := self.stack("status")).returncode == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertRegex(status.stdout, r"(?m)^redis +crashed")
        self.succeed("up", "--servers-only")

    def test_workers_are_added(self):
        self.succeed("up")
        self.succeed("start", "worker-2")
        self.succeed("stop", "worker-2")
        self.assertEqual(self.stack("start", "worker-91").returncode, 1)

    def ports(self):
        return {name: int(number) for name, number in (line.split("=") for line in (self.state / "ports").read_text().split())}

    def asked(self, method, path, times=40):
        """Statuses with the port of the Web that answered."""
        answers = []
        for _ in range(times):
            connection = http.client.HTTPConnection("127.0.0.1", self.ports()["front"], timeout=20)
            connection.request(method, path, None if method == "GET" else b"x" * 100_000)
            answer = connection.getresponse()
            text = answer.read().decode()
            answers.append((answer.status, text if answer.status == 200 else None))
            connection.close()
        return answers

    def test_webs_join_and_leave_the_front_door(self):
        self.succeed("up")
        first, second = str(self.ports()["web"]), str(self.ports()["more_webs"] + 2)
        self.assertEqual(set(self.asked("GET", "/")), {(200, first)})
        self.succeed("start", "web-2")
        self.assertRegex(self.succeed("status"), rf"(?m)^web-2 +runs .*{second}$")
        self.assertEqual(set(self.asked("GET", "/")), {(200, first), (200, second)})
        self.succeed("stop", "web")
        self.assertEqual(set(self.asked("PUT", "/api/v1/files/x")), {(200, second)}, "one that was stopped is asked no more")
        self.succeed("start", "web")
        self.succeed("stop", "web-2")
        self.assertEqual(set(self.asked("PUT", "/api/v1/files/x")), {(200, first)})
        self.assertEqual(self.stack("start", "web-10").returncode, 1)

    def test_uploads_that_can_be_resumed_find_the_web_that_lives(self):
        self.succeed("up")
        self.succeed("start", "web-1")
        self.succeed("kill", "web-1")
        first = str(self.ports()["web"])
        for method in ("GET", "PATCH"):
            with self.subTest(method):
                self.assertEqual(set(self.asked(method, "/api/v1/uploads/x")), {(200, first)})
        # What may not be repeated is not even tried twice.
        self.assertEqual(set(self.asked("PUT", "/api/v1/files/x")), {(200, first), (503, None)})

    def test_http2_is_spoken_at_a_port_of_its_own(self):
        self.succeed("up")
        body = self.folder / "body"
        body.write_bytes(b"x" * 3_000_000)
        command = ["curl", "-sS", "-m", "20", "--http2-prior-knowledge", "-T", body, "-w", " %{http_version}",
                   f"http://127.0.0.1:{self.ports()['front_h2']}/api/v1/files/x"]  # fmt: skip
        answer = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(answer.stdout, f"{self.ports()['web']} 2", answer.stderr)

    def test_nothing_is_started_alone_where_nothing_runs(self):
        self.succeed("up", "--servers-only")
        self.succeed("down")
        result = self.stack("start", "worker-1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nothing runs in", result.stderr)
        self.assertEqual(self.processes_left(), [])

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = self.stack("up", "--servers-only", PORT=str(port))
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"port {port} is taken", result.stderr)

    def test_a_failed_start_leaves_nothing(self):
        result = self.stack("up", PROGRAMS="/nonexistent")
        self.assertEqual(result.returncode, 1)
        self.assertIn("make build", result.stderr)

    def test_an_interrupted_start_leaves_nothing(self):
        for pid_file in ("postgres", "ftp", "web"):
            with self.subTest(pid_file):
                for _ in range(10):
                    start = subprocess.Popen([STACK, "up"], env=self.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
                    while not (self.state / "pids" / f"{pid_file}.pid").exists() and start.poll() is None:
                        time.sleep(0.001)
                    start.send_signal(signal.SIGINT)
                    start.communicate(timeout=120)
                    if start.returncode != 0:
                        break
                    # It was through before it was interrupted.
                    self.succeed("down")
                self.assertEqual(start.returncode, 130)
                self.assertEqual(self.processes_left(), [])


class Processes(unittest.TestCase):
    def test_a_process_lives_until_its_last_thread_has_ended(self):
        # What SIGKILL leaves for a moment, made to last: the first thread ends by exit(2), which is call 60 or 93.
        program = f"""if True:
            import ctypes, os, threading, time
            threading.Thread(target=time.sleep, args=(60,)).start()
            ctypes.CDLL(None).syscall({60 if os.uname().machine == "x86_64" else 93}, 0)
            """
        child = subprocess.Popen(["python3", "-c", program])
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        deadline = time.monotonic() + 20
        while ") Z" not in pathlib.Path(f"/proc/{child.pid}/stat").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertIn(") Z", pathlib.Path(f"/proc/{child.pid}/stat").read_text())
        born = ["bash", "-c", f". {ROOT}/compose/local/lib/processes.bash; born {child.pid}"]
        self.assertNotEqual(subprocess.run(born, capture_output=True, text=True).stdout, "")
        child.kill()
        while subprocess.run(born, capture_output=True).stdout and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(subprocess.run(born, capture_output=True, text=True).stdout, "")


class Images(unittest.TestCase):
    def test_a_build_sees_every_target(self):
        for name in ("web", "worker"):
            with self.subTest(name), tempfile.TemporaryDirectory(prefix="sluice-image.") as folder:
                self.copy_as_the_build_does(ROOT / f"compose/{name}.Dockerfile", pathlib.Path(folder))
                # Finds the folders of all targets, and resolves no dependency.
                command = ["swift", "package", "--package-path", folder, "describe"]
                result = subprocess.run(command, capture_output=True, text=True, timeout=120)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(f"Name: {name.capitalize()}", result.stdout)

    def copy_as_the_build_does(self, dockerfile, folder):
        """Does what the COPY lines of the first stage say."""
        _, stage, *_ = dockerfile.read_text().split("\nFROM ")
        copies = [line.split()[1:] for line in stage.splitlines() if line.startswith("COPY ")]
        self.assertTrue(copies, f"{dockerfile} copies nothing")
        for *sources, goal in copies:
            for source in (path for pattern in sources for path in ROOT.glob(pattern)):
                if source.is_dir():
                    shutil.copytree(source, folder / goal, dirs_exist_ok=True)
                else:
                    shutil.copy(source, folder / goal)


class ContainerDoor(unittest.TestCase):
    """The front door's command in a container, with the nginx of this machine and another word for what names stand for."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-door.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        self.answer, self.looks = self.folder / "answer", self.folder / "looks"
        for name, text in (("getent", f'echo >>"{self.looks}"; cat "{self.answer}"'), ("sleep", "exec /bin/sleep 0.05")):
            (self.folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.folder / name).chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environment = {
            **os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}:/usr/sbin", "SLUICE_FRONT_LISTEN": f"127.0.0.1:{self.port}",
            "SLUICE_WEB_UPSTREAM": "localhost:1", "SLUICE_PUBLIC_ADDRESS": "https://files.example.org", "SLUICE_FTP_ROOT": str(self.folder), "SLUICE_NGINX_STATE": str(self.folder),
            "SLUICE_NGINX_ACCESS_LOG": str(self.folder / "access.log"),
            "SLUICE_NGINX_TEMPLATE": str(ROOT / "compose/nginx/nginx.conf.template"),
        }  # fmt: skip

    def test_new_addresses_of_web_are_taken_up_and_nothing_else_is(self):
        self.answer.write_text("192.0.2.1 STREAM web\n192.0.2.1 DGRAM\n")
        with self.opened() as door:
            first = self.workers(door)
            self.answer.write_text("")
            self.assertEqual(self.workers_after_looking(door), first, "a name that stands for nothing")
            self.answer.write_text("192.0.2.1 STREAM web\n192.0.2.1 DGRAM\n")
            self.assertEqual(self.workers_after_looking(door), first, "the same address")
            self.answer.write_text("192.0.2.2 STREAM web\n192.0.2.2 DGRAM\n")
            self.await_that(lambda: not self.workers(door) & first, "the old workers are still there")
            socket.create_connection(("127.0.0.1", self.port), timeout=10).close()

    def test_asvs_3_4_1_answers_of_nginx_itself_ask_for_tls_where_browsers_come_by_it(self):
        self.answer.write_text("192.0.2.1 STREAM web\n192.0.2.1 DGRAM\n")
        with self.opened():
            self.await_that(lambda: b"HTTP/1.1 400" in self.said(b"what is this\r\n\r\n"), "nginx does not answer")
            for line, status in ((b"what is this", 400), (b"GET /api/v1/files HTTP/1.1", 503), (b"GET /password/reset HTTP/1.1", 503),
                                 (b"GET /_stored/x HTTP/1.1", 404), (b"TRACE / HTTP/1.1", 405), (b"GET / HTTP/3.0", 505),
                                 (b"GET / HTTP/1.1\r\nTransfer-Encoding: odd", 501)):  # fmt: skip
                with self.subTest(line):
                    head = self.said(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n").split(b"\r\n\r\n")[0].decode().split("\r\n")
                    self.assertEqual(head[0].split()[1], str(status))
                    self.assertEqual(head.count("Strict-Transport-Security: max-age=31536000; includeSubDomains"), 1)

    def test_with_a_certificate_there_is_a_door_for_tls_that_speaks_http2(self):
        tls = self.folder / "tls"
        tls.mkdir(mode=0o755)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", tls / "key.pem",
                        "-out", tls / "certificate.pem"], check=True, capture_output=True)  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.environment |= {"SLUICE_FRONT_TLS": str(tls), "SLUICE_FRONT_TLS_LISTEN": f"127.0.0.1:{port}"}
        self.answer.write_text("192.0.2.1 STREAM web\n192.0.2.1 DGRAM\n")
        context = ssl.create_default_context(cafile=tls / "certificate.pem")
        context.check_hostname = False
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.opened(), context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "h2")
            self.assertIn(connection.version(), ("TLSv1.2", "TLSv1.3"))

    def said(self, request):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        return b""

    @contextlib.contextmanager
    def opened(self):
        command = [ROOT / "compose/container/front-door"]
        # A process group of its own: what follows the name ends with nginx's container, which there is none of here.
        door = subprocess.Popen(command, env=self.environment, start_new_session=True, stderr=subprocess.PIPE, text=True)
        try:
            self.await_that(lambda: self.workers(door) or door.poll() is not None, "nginx does not start")
            self.assertIsNone(door.poll(), "nginx has ended")
            yield door
        finally:
            os.killpg(door.pid, signal.SIGKILL)
            door.communicate()

    def workers(self, door):
        """The worker processes, each of which carries out one reading of the configuration."""
        found = subprocess.run(["pgrep", "-P", str(door.pid), "-f", "^nginx: worker process"], capture_output=True, text=True)
        return set(found.stdout.split())

    def workers_after_looking(self, door):
        # The second look from now began after what was written before; the third, after what came of the second.
        before = len(self.looks.read_text())
        self.await_that(lambda: len(self.looks.read_text()) >= before + 3, "nobody looks")
        return self.workers(door)

    def await_that(self, condition, complaint):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline, complaint)
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
