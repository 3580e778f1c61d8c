"""A rehearsal from an empty database to go-live, with its documents and its result on disk."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app import clock
from app import plan as plans
from app.acceptance.authority import chain_pem
from app.config import Settings
from app.documents.models import Document
from app.errors import Refusal
from app.extensions import db
from app.publication.models import Recruitment
from app.rehearsal import stages
from app.rehearsal.cast import make_cast
from app.rehearsal.outcome import outcome
from app.rehearsal.walk import Hand, Walk
from app.storage import read_all
from app.wording import label, stage_word
from evaluation.panel import PanelRules
from evaluation.ranking import RankingRules

PLAN = Path(plans.__file__).resolve().parents[1] / "plans" / "hainan-eseal-2023.toml"
#: The certificates that the seals of the documents are verified against.
CHAIN = "trial-chain.pem"
#: Days before the responses open on which the notice is published.
NOTICE_DAYS = 4


def rehearse(
    out: Path,
    *,
    vendors: int = 16,
    experts: int = 9,
    seed: int = 1,
    plan: Path = PLAN,
    prints: bool = True,
    say: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Run the whole recruitment in a database of its own and return the result.

    `out` gets all documents of the recruitment, by kind; without `prints` only those that come by themselves.
    Raises Refusal `rehearsal_*` for a cast that the plan has no room for.
    """
    effective = plans.apply_supplements(plans.load_plan(plan))
    rules = plans.as_json(effective)["evaluation"]
    quota = RankingRules.from_plan(rules["ranking"]).quota
    seats = PanelRules.from_plan(rules["panel"]).seats
    if vendors < quota + 6:
        raise Refusal("rehearsal_vendors", least=quota + 6)
    if experts < seats + 1:
        raise Refusal("rehearsal_experts", least=seats + 1)
    out.mkdir(parents=True, exist_ok=True)
    cast = make_cast(vendors=vendors, experts=experts, seed=seed, quota=quota)
    opens = effective["publication"]["schedule"]["responses_open"]
    hand = Hand(clock.at(opens - timedelta(days=NOTICE_DAYS), time(9)))
    with (
        tempfile.TemporaryDirectory(prefix="yinzhao-rehearsal-") as folder,
        _application(Path(folder)),
        clock.use(hand),
    ):
        walk = Walk(cast, plan.read_bytes(), hand, say, title=str(effective.get("name", "")))
        walk.prints = prints
        stages.walk_to(walk, "promotion")
        found = outcome(walk.recruitment, refused=walk.refused)
        found["documents"] = export_documents(walk.recruitment, out)
        (out / CHAIN).write_bytes(chain_pem())
    return found


@contextlib.contextmanager
def _application(folder: Path) -> Iterator[None]:
    """A fresh installation in a folder: its own database, files and keys, mail nowhere, jobs at once."""
    from flask_migrate import upgrade

    from app import create_app

    settings = Settings(
        data=folder, database_url="", mail="none", jobs="inline", rate_limits=False, blob_store="folder",
        secret_key="", holidays_file=None,
    )
    app = create_app(settings)
    with app.app_context():
        upgrade(directory=str(Path(__file__).resolve().parents[2] / "migrations"))
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def export_documents(recruitment: Recruitment, out: Path) -> list[dict[str, str]]:
    """Write every valid document into a folder per kind; returns path, kind and SM3, in order of the paths."""
    rows = db.session.scalars(
        select(Document)
        .where(Document.recruitment_id == recruitment.id, Document.superseded_at.is_(None))
        .order_by(Document.kind, Document.file_name, Document.id)
    ).all()
    listed = []
    taken: set[Path] = set()
    for row in rows:
        folder = out / label("document", row.kind)
        path, number = folder / row.file_name, 2
        while path in taken:
            path = folder / f"{Path(row.file_name).stem}({number}){Path(row.file_name).suffix}"
            number += 1
        taken.add(path)
        folder.mkdir(exist_ok=True)
        path.write_bytes(read_all(row.blob_key))
        listed.append({"path": path.relative_to(out).as_posix(), "kind": row.kind, "sm3": row.sm3})
    return sorted(listed, key=lambda entry: entry["path"])


def write_json(result: dict[str, Any], path: Path) -> None:
    """The result as a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def story(result: dict[str, Any]) -> list[str]:
    """The way it went, in Chinese, a line each."""
    lines = ["", "历程："]
    lines += [f"  {entry['on']}  {entry['name']}" for entry in result["stages"]]
    lines.append("争议表决：")
    for entry in result["disputes"]:
        verdict = "通过" if entry["passed"] else "未通过"
        lines.append(f"  {entry['vendor']} 第 {entry['item']} 项：{entry['yes']}/{entry['seats']} 票，{verdict}")
    lines.append("排名：")
    for entry in result["ranking"]:
        mark = "入选" if entry["vendor"] in result["selected"] else "候补"
        lines.append(
            f"  {entry['rank']:>3}  {entry['score']:>6}  客观分 {entry['objective']:>3}  {mark}  {entry['vendor']}"
        )
    for entry in result["substituted"]:
        lines.append(f"递补：{entry['removed']} 逾期取消入选，{entry['moved_up']} 递补")
    lines.append("对接：")
    for entry in result["integration"]:
        ended = entry.get("accepted_at") or entry.get("removed_at") or "—"
        word = stage_word("integration", entry["stage"])
        lines.append(f"  {entry['event']} 起，{entry['deadline']} 止，{ended} {word}  {entry['vendor']}")
    span = result["promotion"]
    lines.append(f"免费推广：{span['start']} 至 {span['end']}；文件 {len(result['documents'])} 份")
    return lines
