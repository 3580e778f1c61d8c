"""`yinzhao panel`: make a draw again from its published proof; needs no database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.group("panel")
def panel() -> None:
    """评审专家抽取。"""


@panel.command()
@click.argument("proof", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def replay(proof: Path, as_json: bool) -> None:
    """按抽取证明重新计算；与证明不符时以 1 退出并指出不符之处。"""
    from app.wording import label, sentence_for
    from evaluation.panel import PanelRefused
    from evaluation.panel import replay as recompute

    try:
        data = json.loads(proof.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        click.echo("文件无法读取，不是抽取证明（JSON）。", err=True)
        sys.exit(1)
    result = recompute(data)
    if as_json:
        failure = result.failure.value if result.failure is not None else None
        shown = {
            "ok": result.ok,
            "drawn": result.drawn,
            "reserves": result.reserves,
            "names": result.names,
            "failure": failure,
            "facts": result.facts,
        }
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        sys.exit(0 if result.ok else 1)
    if result.failure is not None:
        click.echo(f"不符：{sentence_for(PanelRefused(result.failure, **result.facts))}", err=True)
        for key, value in result.facts.items():
            click.echo(f"  {key}: {value}", err=True)
        sys.exit(1)
    click.echo("重新计算与证明一致。")
    for title, refs in (("抽中", result.drawn), ("候补", result.reserves)):
        click.echo(f"{title}（{len(refs)}）：")
        for number, ref in enumerate(refs, 1):
            click.echo(f"  {number:>3}  {ref}" + (f"  {result.names[ref]}" if ref in result.names else ""))
    for party, note in data["left_out"].items():
        click.echo(f"{label('party', party)}：{label('left_out', note['why'])}")
