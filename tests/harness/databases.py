"""Fresh databases for tests, of both kinds: migrated once per worker, copied for every test."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.harness.postgres import Cluster

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
KINDS = (SQLITE, POSTGRESQL)

Migrate = Callable[[str], None]


class Databases:
    """Hands out database URLs; `migrate` brings the database of a URL to the newest schema."""

    def __init__(self, folder: Path, cluster: Callable[[], Cluster], migrate: Migrate) -> None:
        self._folder = folder
        self._cluster = cluster
        self._migrate = migrate
        self._numbers = itertools.count(1)
        self._migrated: set[str] = set()
        #: Databases of PostgreSQL in the newest schema: lent out, and given back without rows.
        self._lent: set[str] = set()
        self._idle: list[str] = []

    def empty(self, kind: str) -> str:
        """The URL of a database without tables."""
        name = f"test_{next(self._numbers)}"
        if kind == SQLITE:
            return f"sqlite:///{self._folder / name}.sqlite"
        return self._cluster().create(name)

    def migrated(self, kind: str) -> str:
        """The URL of a database of its own, in the newest schema and without rows."""
        if kind == SQLITE:
            template = self._folder / "template.sqlite"
            if kind not in self._migrated:
                template.unlink(missing_ok=True)
                self._migrate(f"sqlite:///{template}")
                # What is still in the write-ahead log would not be in the copy.
                _fold_log(template)
                self._migrated.add(kind)
            url = self.empty(kind)
            shutil.copyfile(template, url.removeprefix("sqlite:///"))
            return url
        cluster = self._cluster()
        if kind not in self._migrated:
            try:
                self._migrate(cluster.create("template_app"))
            except BaseException:
                # Or every later test would report a half-made template instead of the real error.
                cluster.drop("template_app")
                raise
            self._migrated.add(kind)
        if self._idle:
            self._lent.add(url := self._idle.pop())
            return url
        with cluster.connect() as connection:
            # A pooled connection left by the migration would block the copy.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'template_app'"
            )
        self._lent.add(url := cluster.create(f"test_{next(self._numbers)}", template="template_app"))
        return url

    def discard(self, url: str) -> None:
        """Take back a database that was handed out: it is emptied for the next test, or removed."""
        if url.startswith("sqlite"):
            path = url.removeprefix("sqlite:///")
            for suffix in ("", "-wal", "-shm"):
                Path(path + suffix).unlink(missing_ok=True)
            return
        name = url.split("@/")[1].split("?")[0]
        if url in self._lent and self._cluster().empty(name):
            self._idle.append(url)
        else:
            self._cluster().drop(name)
        self._lent.discard(url)


def _fold_log(path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
