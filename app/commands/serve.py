"""`yinzhao serve`: the embedded server."""

from __future__ import annotations

import logging

import click
from flask import current_app
from flask.cli import with_appcontext


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
