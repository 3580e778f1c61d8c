"""`yinzhao rehearse`: a whole recruitment on an injected clock, in a database of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("rehearse")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="文件存放的文件夹。")
@click.option("--vendors", default=16, show_default=True, type=click.IntRange(1, 1000), help="服务商家数。")
@click.option("--experts", default=9, show_default=True, type=click.IntRange(1, 500), help="专家库人数。")
@click.option("--seed", default=1, show_default=True, help="随机种子：同一种子，同一结果。")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="把结果写成 JSON 文件。")
@click.option("--plan", "plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="另一份方案文件。")
def rehearse(
    out: Path, vendors: int, experts: int, seed: int, json_file: Path | None, plan: Path | None
) -> None:
    """按招募方案完整演练一次，从公告到上线；不动用现有数据库。"""
    from app.errors import Refusal
    from app.rehearsal import run
    from app.wording import sentence_for

    try:
        result = run.rehearse(
            out, vendors=vendors, experts=experts, seed=seed, plan=plan or run.PLAN, say=click.echo
        )
    except Refusal as refusal:
        click.echo(sentence_for(refusal), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"文件夹不能写入：{error}", err=True)
        sys.exit(2)
    for line in run.story(result):
        click.echo(line)
    run.write_json(result, json_file or out / "rehearsal.json")
    click.echo(f"结果：{json_file or out / 'rehearsal.json'}")
