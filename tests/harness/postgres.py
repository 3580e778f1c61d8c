"""A throwaway PostgreSQL server: a cluster in a temporary folder, reached by a Unix socket only."""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

# Durability is of no use to a cluster that is deleted after the run.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
PR_SET_PDEATHSIG = 1
#: Tables that hold or held rows.
_USED = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
"""
#: What a test could change in a schema, in one digest.
_SCHEMA = """
    SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
        SELECT format('%s.%s %s %s', attrelid::regclass, attname, atttypid::regtype, attnotnull)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled)
        FROM pg_trigger WHERE NOT tgisinternal
    ) AS lines (line)
"""


class PostgresUnavailable(Exception):
    """No server binaries on this machine."""


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`, the newest version first."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresUnavailable("no PostgreSQL server found; `make setup-test` installs one")


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as; None when we may run it ourselves. PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnavailable("root cannot run PostgreSQL and there is no unprivileged account")


def _die_with_parent() -> None:
    # A killed test run must not leave a server behind.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Cluster:
    """One server with its databases. `start()` takes about a second, `stop()` deletes everything."""

    def __init__(self) -> None:
        self._binaries = find_binaries()
        self._user = _server_user()
        # The socket's path may have 107 bytes only, so not below pytest's long temporary folders.
        self.folder = Path(tempfile.mkdtemp(prefix="yzpg-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self._template: tuple[str] | None = None

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def start(self) -> Cluster:
        """Make the cluster and wait until it answers."""
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        made = subprocess.run(
            [self._binaries / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            capture_output=True, text=True, cwd=self.folder, env=environment, **self._as_user(),
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        options = [part for key, value in FAST.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, *options],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env=environment,
                preexec_fn=_die_with_parent, start_new_session=True, **self._as_user(),
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                with self.connect():
                    return self
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection outside transactions, for CREATE and DROP DATABASE."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of the databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self, database: str, *, template: str = "template0") -> str:
        """Make a database as a copy of `template`, which nobody may be connected to."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def empty(self, database: str) -> bool:
        """Take every row out of a database, so that it can be used again; False where its schema was changed.

        As fast as the rows are few: a copy of the template costs ten times as much.
        """
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,)
            )
        with self.connect(database) as connection:
            connection.execute("SET session_replication_role = replica")  # neither triggers nor keys
            if connection.execute(_SCHEMA).fetchone() != self._schema():
                return False
            used = [table for (table,) in connection.execute(_USED).fetchall()]
            for table in used:
                connection.execute(f'DELETE FROM "{table}"')
            if used:
                # Rows of the next test lie in the order they are written in, as in a new database.
                connection.execute("VACUUM " + ", ".join(f'"{table}"' for table in used))
            connection.execute(
                "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences "
                "WHERE last_value IS NOT NULL"
            )
        return True

    def _schema(self) -> tuple[str] | None:
        if self._template is None:
            with self.connect("template_app") as connection:
                self._template = connection.execute(_SCHEMA).fetchone()
        return self._template

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
