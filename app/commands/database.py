"""`yinzhao db`: bring the database to the newest structure."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


@click.group("db")
def database() -> None:
    """数据库结构。"""


@database.command()
@with_appcontext
def upgrade() -> None:
    """升级到最新结构；已是最新时什么也不做。"""
    from pathlib import Path

    from flask_migrate import upgrade as run

    run(directory=str(Path(__file__).resolve().parents[2] / "migrations"))
    click.echo("数据库结构已是最新。")
