"""What a rehearsal came to, read back from the rows: plain data that is the same for the same seed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Event
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.models import SelectionNotice
from app.wording import stage_word
from evaluation.models import Candidate, Dispute, RankEntry
from evaluation.references import ref_of
from onboarding.models import Integration

#: Events that begin a stage of the recruitment, and the stage they begin.
_STAGES = {
    "recruitment.published": "published",
    "recruitment.opened": "opened",
    "recruitment.qualification_started": "qualification",
    "recruitment.scoring_started": "scoring",
    "recruitment.reported": "reported",
    "recruitment.publicity_started": "publicity",
    "recruitment.awarded": "awarded",
    "recruitment.integration_started": "integration",
    "recruitment.promotion_started": "promotion",
}


def day(moment: datetime | date | None) -> str | None:
    """YYYY-MM-DD in Shanghai, or None."""
    if moment is None:
        return None
    return (clock.local(moment).date() if isinstance(moment, datetime) else moment).isoformat()


def _stages(recruitment: Recruitment) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Event)
        .where(Event.recruitment_id == recruitment.id, Event.kind.in_(_STAGES))
        .order_by(Event.seq)
    )
    return [
        {"stage": _STAGES[row.kind], "name": stage_word("recruitment", _STAGES[row.kind]), "on": day(row.at)}
        for row in rows
    ]


def _vendors(recruitment: Recruitment, refused: list[str]) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Response)
        .where(Response.recruitment_id == recruitment.id)
        .options(joinedload(Response.organisation), joinedload(Response.candidate))
    ).unique()
    return sorted(
        (
            {
                "vendor": row.organisation.name,
                "credit_code": row.organisation.credit_code,
                "response": row.stage,
                "submitted_on": day(row.submitted_at),
                "refused_late": row.organisation.name in refused,
                "stage": row.candidate.stage if row.candidate is not None else None,
            }
            for row in rows
        ),
        key=lambda entry: str(entry["credit_code"]),
    )


def _disputes(recruitment: Recruitment) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Dispute)
        .where(Dispute.review_id == recruitment.review_id)
        .options(joinedload(Dispute.candidate))
        .order_by(Dispute.id)
    )
    found = [
        {"vendor": row.candidate.name, "item": row.item, "yes": row.yes, "seats": row.seats, "passed": row.passed}
        for row in rows
    ]
    return sorted(found, key=lambda entry: (str(entry["vendor"]), str(entry["item"])))


def _candidates(recruitment: Recruitment) -> list[Candidate]:
    return list(
        db.session.scalars(
            select(Candidate).where(Candidate.review_id == recruitment.review_id).order_by(Candidate.number)
        )
    )


def _ranking(recruitment: Recruitment) -> list[dict[str, Any]]:
    rows = list(
        db.session.scalars(
            select(RankEntry)
            .where(RankEntry.review_id == recruitment.review_id)
            .options(joinedload(RankEntry.candidate))
            .order_by(RankEntry.rank)
        )
    )
    names = {ref_of(row.candidate): row.candidate.name for row in rows}
    return [
        {
            "rank": row.rank,
            "vendor": row.candidate.name,
            "score": f"{row.score:.2f}",
            # Of one seat's sheet: the five are equal on objective items.
            "objective": str((row.objective_total / row.seats).normalize().__format__("f")),
            # References are salted anew in every run: the same seed gives the same names.
            "tie_steps": [
                {**step, "among": sorted(names[ref] for ref in step["among"])} for step in row.tie_steps
            ],
        }
        for row in rows
    ]


def _selected(recruitment: Recruitment) -> list[str]:
    """Names in the order of the award: those who got a notice of selection with it."""
    rows = db.session.execute(
        select(Candidate.name)
        .join(SelectionNotice, SelectionNotice.candidate_id == Candidate.id)
        .join(RankEntry, RankEntry.candidate_id == Candidate.id)
        .where(SelectionNotice.recruitment_id == recruitment.id, SelectionNotice.kind == "selected")
        .order_by(RankEntry.rank)
    )
    return [name for (name,) in rows]


def _substituted(recruitment: Recruitment, integrations: list[Integration]) -> list[dict[str, Any]]:
    names = {row.candidate_ref: row.vendor_name for row in integrations}
    return [
        {"removed": names.get(row.replaces_ref or "", ""), "moved_up": row.vendor_name}
        for row in integrations
        if row.replaces_ref
    ]


def _integrations(recruitment: Recruitment) -> list[Integration]:
    return list(
        db.session.scalars(
            select(Integration)
            .where(Integration.programme_id == recruitment.programme_id)
            .order_by(Integration.id)
        )
    )


def _integration(row: Integration) -> dict[str, Any]:
    ended = {"removed_at": day(row.removed_at)} if row.removed_at else {"accepted_at": day(row.accepted_at)}
    return {
        "vendor": row.vendor_name,
        "event": day(row.event_on),
        "deadline": day(row.deadline_on),
        "stage": row.stage,
        **ended,
    }


def outcome(recruitment: Recruitment, *, refused: list[str]) -> dict[str, Any]:
    """The result as data; `refused` names the vendors whose late submission was refused."""
    candidates = _candidates(recruitment)
    integrations = _integrations(recruitment)
    programme = recruitment.programme
    return {
        "plan": recruitment.title,
        "stages": _stages(recruitment),
        "vendors": _vendors(recruitment, refused),
        "disputes": _disputes(recruitment),
        "eliminated": [
            {"vendor": row.name, "reasons": row.elimination} for row in candidates if row.stage == "eliminated"
        ],
        "ranking": _ranking(recruitment),
        "selected": _selected(recruitment),
        "substituted": _substituted(recruitment, integrations),
        "integration": [_integration(row) for row in integrations],
        "promotion": {
            "start": day(programme.promotion_start) if programme else None,
            "end": day(programme.promotion_end) if programme else None,
        },
    }
