"""All that the servers and our processes have written down: stores and logs, by place. Mails are letters, and not among them."""

import os
import pathlib
import subprocess
import urllib.parse

AOF = "append-only file"


class Writings:
    def __init__(self, stack):
        self.stack = stack
        place = urllib.parse.urlsplit(stack.settings["SLUICE_DATABASE_URL"])
        self.database = {**os.environ, "PGHOST": place.hostname, "PGPORT": str(place.port), "PGUSER": place.username,
                         "PGPASSWORD": place.password, "PGDATABASE": place.path[1:]}

    def read(self):
        """Bytes by the name of the place where they are."""
        return {**dict(self._redis()), "postgres": self._postgres(["pg_dump"]), **self._append_only_files(),
                **{log.name: log.read_bytes() for log in self.stack.logs()}}

    def sql(self, statement):
        self._postgres(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", statement])

    def _postgres(self, command):
        program = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{command[0]}"))[-1]
        return subprocess.run([program, *command[1:]], env=self.database, capture_output=True, check=True).stdout

    def _redis(self):
        """Every key with its values, fields of hashes each for itself."""
        with self.stack.redis() as redis:
            keys, cursor = set(), b"0"
            while True:
                cursor, some = redis("SCAN", cursor, "COUNT", 1000)
                keys.update(some)
                if cursor == b"0":
                    break
            for key in sorted(keys):
                name = "redis " + key.decode(errors="backslashreplace")
                kind = redis("TYPE", key)
                if kind == b"hash":
                    fields = redis("HGETALL", key)
                    for field, value in zip(fields[::2], fields[1::2]):
                        yield f"{name} {field.decode(errors='backslashreplace')[:40]}", value
                    yield name, b"\n".join([key, *fields[::2]])
                elif kind != b"none":  # one may end while we look
                    yield name, key + b"\n" + self._flat(redis(*self._reading(kind, key)))

    @staticmethod
    def _reading(kind, key):
        return {b"string": ("GET", key), b"list": ("LRANGE", key, 0, -1), b"set": ("SMEMBERS", key),
                b"zset": ("ZRANGE", key, 0, -1, "WITHSCORES"), b"stream": ("XRANGE", key, "-", "+")}[kind]

    @classmethod
    def _flat(cls, reply):
        return b"\n".join(map(cls._flat, reply)) if isinstance(reply, list) else reply if isinstance(reply, bytes) else b"%d" % (reply or 0)

    def _append_only_files(self):
        """Every change since Redis began: also what was there for a moment only."""
        folder = self.stack.state / "redis/appendonlydir"
        return {f"{AOF} {path.name}": path.read_bytes() for path in folder.iterdir()}
