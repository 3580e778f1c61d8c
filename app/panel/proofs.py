"""What is published of a draw: the announcement before the reveals, the proof, and who stands behind a reference."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.audit import Actor, sm3_hex
from app.documents.common import project_of
from app.documents.issue import issue_file
from app.documents.models import Document
from app.extensions import db
from app.panel.common import names_open
from app.publication.models import Recruitment
from evaluation.models import Draw, Expert, PanelSeat
from evaluation.panel_entropy import canonical

JSON = "application/json"


def digest_of(data: dict[str, Any]) -> str:
    """SM3 (hex) of the canonical bytes: the digest of the file that is published."""
    return sm3_hex(canonical(data))


def announcement(draw: Draw) -> dict[str, Any]:
    """What both parties are bound to before anything is revealed."""
    return {
        "kind": "yinzhao-panel-commitments",
        "snapshot": draw.fixed,
        "snapshot_digest": draw.fixed_digest,
        "commitments": {party: row["commitment"] for party, row in draw.commitments.items()},
    }


def issue_announcement(draw: Draw, recruitment: Recruitment, *, actor: Actor) -> Document:
    """Publish snapshot and commitments as a file for everybody; its SM3 is the record."""
    return _issue("draw_commitments", announcement(draw), "抽取承诺", draw, recruitment, actor)


def issue_proof(draw: Draw, recruitment: Recruitment, *, actor: Actor) -> Document:
    """Publish the replayable proof, without names."""
    return _issue("draw_proof", draw.proof, "抽取证明", draw, recruitment, actor)


def _issue(
    kind: str, data: dict[str, Any], title: str, draw: Draw, recruitment: Recruitment, actor: Actor
) -> Document:
    return issue_file(
        kind,
        recruitment=recruitment,
        data=canonical(data),
        media_type=JSON,
        title=f"{title}（第 {draw.number} 次）",
        file_name=f"{project_of(recruitment)}-{title}-第{draw.number}次.json",
        subject=draw,
        audience="public",
        actor=actor,
        facts={"plan": recruitment.plan_digest or ""},
    )


def named_proof(draw: Draw, recruitment: Recruitment, *, everybody: bool) -> dict[str, Any]:
    """The proof as it may be shown now: with names only once the results are published.

    Then the public learns who sat; `everybody` (staff, supervisor) opens the whole pool of the draw.
    """
    if not names_open(recruitment) or not draw.proof:
        return draw.proof
    served = set(
        db.session.scalars(
            select(Expert.public_id)
            .join(PanelSeat, PanelSeat.expert_id == Expert.id)
            .where(PanelSeat.draw_id == draw.id, PanelSeat.stage.in_(("active", "replaced")))
        )
    )
    names = {
        ref: {key: opening[key] for key in ("salt", "code", "name", "employer")}
        for ref, opening in draw.openings.items()
        if everybody or opening["expert"] in served
    }
    return {**draw.proof, "names": names}
