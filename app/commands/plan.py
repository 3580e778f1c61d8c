"""`yinzhao plan check`: the linter of a plan file, without a database."""

from __future__ import annotations

import sys

import click


@click.group("plan")
def plan() -> None:
    """招募方案文件。"""


@plan.command()
@click.argument("file", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def check(file: str, as_json: bool) -> None:
    """检查方案文件；有未处理的必须处理项时以 1 退出，文件无法读取时以 2 退出。"""
    from app.plan.report import check_file

    text, code = check_file(file, as_json=as_json)
    click.echo(text)
    sys.exit(code)
