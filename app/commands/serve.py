"""`yinzhao serve`: the embedded server."""

from __future__ import annotations

import logging
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext


def word_refusals() -> None:
    """A body beyond the limit is refused before the application sees it: in our words, not the server's."""
    from waitress.utilities import RequestEntityTooLarge

    from app.wording import REFUSALS

    def answer(_error: Any, _ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        kind = [("Content-Type", "text/plain; charset=utf-8")]
        return "413 Request Entity Too Large", kind, REFUSALS["http_413"].encode()

    RequestEntityTooLarge.to_response = answer


@click.command("serve")
@with_appcontext
def serve() -> None:
    """启动服务（内置服务器）。地址与端口由 YINZHAO_HOST、PORT 设定。"""
    from waitress import serve as run

    from app.commands.samples import sample_logins
    from app.jobs.worker import start_worker

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    settings = app.config["SETTINGS"]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    click.echo(f"印招已启动：{settings.public_base}")
    for line in sample_logins():
        click.echo(line)
    word_refusals()
    if settings.jobs == "thread":
        start_worker(app)
    run(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        channel_timeout=300,
        # A piece of an upload in 8 KiB reads would keep the loop busier than the bytes are worth.
        recv_bytes=256 * 1024,
        max_request_body_size=settings.max_file_bytes + 1024 * 1024,
        ident="yinzhao",
    )
