"""The servers that `compose/local/with-servers` has started, and Web and Worker beside them."""

import os
import pathlib
import subprocess
import urllib.error
import urllib.request

from support.redis import Redis
from support.waiting import PATIENCE, until


class Stack:
    def __init__(self):
        self.script = os.environ["SLUICE_TEST_STACK"]
        self.state = pathlib.Path(os.environ["SLUICE_TEST_STATE"])
        self.ports = dict(line.split("=") for line in (self.state / "ports").read_text().split())
        self.settings = self._settings()
        self.address = self.settings["SLUICE_PUBLIC_ADDRESS"]

    def _settings(self):
        """What the stack tells its programs, read as they read it: by a shell."""
        lines = subprocess.run(
            ["bash", "-c", '. "$1" && env -0', "bash", str(self.state / "env")], env={}, capture_output=True, check=True).stdout
        pairs = (line.split("=", 1) for line in lines.decode().split("\0") if line)
        return {name: value for name, value in pairs if name.startswith("SLUICE_")}

    def control(self, *words, **settings):
        """`stack start NAME` and the like; the settings are the process's own, on top of what the stack writes."""
        result = subprocess.run(
            [self.script, *words], env={**os.environ, "STATE": str(self.state), "PROGRAMS": self.programs, **settings},
            capture_output=True, text=True, timeout=120 * PATIENCE)
        if result.returncode:
            raise AssertionError(f"stack {' '.join(words)}: {result.stdout}{result.stderr}")

    @property
    def programs(self):
        return os.environ.get("SLUICE_TEST_BIN") or str(pathlib.Path(self.script).parents[2] / ".build/release")

    def start(self, name, **settings):
        self.control("start", name, **settings)
        until(f"{name} is ready", lambda: self._is_ready(name), 30)

    def stop(self, name):
        self.control("stop", name)

    def restart_web(self, **settings):
        """Web reads its limits once, when it starts."""
        self.stop("web")
        self.start("web", **settings)

    def _is_ready(self, name):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.ports[f'{name}_probe']}/ready", timeout=2).status == 200
        except (urllib.error.URLError, OSError):
            return False

    def redis(self):
        return Redis("127.0.0.1", int(self.ports["redis"]))

    def stored_objects(self):
        """What is on the FTP server and visible there."""
        return [path for path in (self.state / "ftp").rglob("*") if path.is_file() and ".part" not in path.name]

    def logs(self):
        """The log of every process, of those that have ended too."""
        return sorted([*(self.state / "logs").glob("*.log"), *(self.state / "nginx").glob("*.log")])
