"""`yinzhao audit`: check the chains of the event log."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext


@click.group("audit")
def audit() -> None:
    """操作日志。"""


@audit.command()
@with_appcontext
def verify() -> None:
    """核对全部日志链；有一条不完整时以 1 退出。"""
    from sqlalchemy import select
    from sqlalchemy.exc import DatabaseError

    from app.audit import EventHead, broken_at
    from app.extensions import db

    try:
        heads = db.session.execute(select(EventHead.scope, EventHead.seq).order_by(EventHead.scope)).all()
    except DatabaseError:
        click.echo("数据库不可用，或结构不是最新。请先运行 yinzhao db upgrade。", err=True)
        sys.exit(2)
    broken = 0
    for scope, seq in heads:
        place = broken_at(scope)
        if place is None:
            click.echo(f"{scope}：{seq} 条，完整")
        else:
            broken += 1
            click.echo(f"{scope}：第 {place} 条起不完整", err=True)
    click.echo(f"共 {len(heads)} 条日志链，{broken} 条不完整。")
    sys.exit(1 if broken else 0)
