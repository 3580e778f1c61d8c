"""`yinzhao experts`: the expert pool from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext


@click.group("experts")
def experts() -> None:
    """评审专家库。"""


@experts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_(file: Path) -> None:
    """从工作簿（.xlsx）导入专家；有一处错误即全部不导入，并逐处列出。"""
    from sqlalchemy.exc import DatabaseError

    from app.audit import SYSTEM
    from app.errors import Refusal
    from app.panel.pool import import_experts
    from app.panel.workbook import MAX_BYTES, PoolRefused
    from app.wording import sentence_for

    with open(file, "rb") as handle:
        data = handle.read(MAX_BYTES + 1)
    try:
        done = import_experts(actor=SYSTEM, data=data)
    except PoolRefused as error:
        for wrong in error.errors:
            click.echo(str(wrong), err=True)
        click.echo(f"共 {len(error.errors)} 处须改正，没有导入任何内容。", err=True)
        sys.exit(1)
    except Refusal as error:
        click.echo(sentence_for(error), err=True)
        sys.exit(1)
    except DatabaseError:
        click.echo("数据库不可用，或结构不是最新。请先运行 yinzhao db upgrade。", err=True)
        sys.exit(2)
    click.echo(f"导入完成：新增 {done.added} 位，更新 {done.updated} 位，未变 {done.unchanged} 位。")


@experts.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def template(file: Path) -> None:
    """写出空白模板。"""
    from app.panel.workbook import template as blank

    if file.exists():
        click.echo(f"{file} 已存在，没有覆盖。请换一个文件名。", err=True)
        sys.exit(1)
    file.write_bytes(blank())
    click.echo(f"模板已写入 {file}。")
