"""`yinzhao award` and `yinzhao verify-review`: the package of an award, and the review against its signatures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

#: A random id may begin with a dash.
ANY_ID = {"ignore_unknown_options": True}


@click.group("award")
def award() -> None:
    """评审数据包。"""


def _recruitment(public_id: str) -> Any:
    from sqlalchemy.exc import DatabaseError

    from app.errors import Refusal
    from app.publication.models import Recruitment
    from app.routing import load

    try:
        return load(Recruitment, public_id)
    except Refusal:
        click.echo(f"没有编号为 {public_id} 的招募。", err=True)
        sys.exit(1)
    except DatabaseError:
        click.echo("数据库不可用，或结构不是最新。请先运行 yinzhao db upgrade。", err=True)
        sys.exit(2)


@award.command(context_settings=ANY_ID)
@click.argument("recruitment")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="写入的文件（.zip）。")
@click.option(
    "--names",
    default="pseudonymous",
    show_default=True,
    type=click.Choice(["real", "pseudonymous", "none"]),
    help="名称的公开方式：实名、专家匿名、全部匿名。",
)
@with_appcontext
def export(recruitment: str, out: Path, names: str) -> None:
    """导出评审数据包；评审数据没有变化时，每次导出的文件相同。"""
    from app.audit import SYSTEM
    from app.award.actions import export as make
    from app.errors import Refusal
    from app.storage import read_all
    from app.wording import sentence_for

    row = _recruitment(recruitment)
    try:
        document = make(actor=SYSTEM, recruitment=row, level=names)
        out.write_bytes(read_all(document.blob_key))
    except Refusal as refusal:
        click.echo(sentence_for(refusal), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"文件不能写入：{error}", err=True)
        sys.exit(2)
    click.echo(f"已写入 {out}，SM3 {document.sm3}。")


@click.command("verify-review", context_settings=ANY_ID)
@click.argument("recruitment")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@with_appcontext
def verify_review(recruitment: str, as_json: bool) -> None:
    """按签名核验一次评审，并重新计算结果；有任何不符时逐条列出，退出码为 1。"""
    from app.award.verify import verify_review as check
    from app.errors import Refusal
    from app.wording import sentence_for

    row = _recruitment(recruitment)
    try:
        verdict = check(row)
    except Refusal as refusal:
        click.echo(sentence_for(refusal), err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(verdict.to_json(), ensure_ascii=False, indent=2))
    else:
        for finding in verdict.findings:
            click.echo(finding.sentence)
        told = "，结果已重新计算" if verdict.recomputed else ""
        outcome = "全部一致" if verdict.ok else f"{len(verdict.findings)} 处不符"
        click.echo(f"核验签署记录 {verdict.checked} 条{told}：{outcome}。")
    sys.exit(0 if verdict.ok else 1)
