"""gunicorn for a service on PostgreSQL that one process does not carry.

    DATABASE_URL=postgresql+psycopg://… gunicorn -c deploy/gunicorn.conf.py "app:create_app()"

Threads, not greenlets: a cooperative worker lost requests under load. SQLite stays with
`yinzhao serve`, where one process owns the file.
"""

from __future__ import annotations

import os
from typing import Any

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", (os.cpu_count() or 1) * 2))
worker_class = "gthread"
threads = int(os.environ.get("YINZHAO_THREADS", "8"))

# A chunk of an upload is a few megabytes; a slow line may need its time for it.
timeout = 120
graceful_timeout = 30
keepalive = 5

# Not a memory file system everywhere, and a heartbeat on a slow disk would kill healthy workers.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None

# Each worker opens its own connections: a forked database socket would be shared.
preload_app = False
# A slow leak in a C library must not end a review day; jitter keeps workers from leaving together.
max_requests = 20_000
max_requests_jitter = 2_000

accesslog = "-"
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(B)s %(L)ss'
"""No address and no query string: before the opening no log may name a vendor or a file."""


def on_starting(server: object) -> None:
    """Refuse SQLite: several processes would wait for one another's writes."""
    address = os.environ.get("DATABASE_URL") or os.environ.get("YINZHAO_DATABASE_URL", "")
    if not address.startswith("postgresql+psycopg://"):
        raise SystemExit(
            "gunicorn 只用于 PostgreSQL：请设置 DATABASE_URL=postgresql+psycopg://…；"
            "使用 SQLite 时请改用 yinzhao serve。"
        )


def post_worker_init(worker: Any) -> None:
    """Let each process work through the outbox as well; a piece of work goes to one of them."""
    if worker.wsgi.config["SETTINGS"].jobs == "thread":
        from app.jobs.worker import start_worker

        worker.outbox = start_worker(worker.wsgi)


def worker_exit(_server: object, worker: Any) -> None:
    """Leave work under way to the processes that live, at once and not only when the heart is missed."""
    if (outbox := getattr(worker, "outbox", None)) is not None:
        outbox.stop()
