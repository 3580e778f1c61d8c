"""The next steps of a recruitment, read from its table of transitions: what holds them, and who can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.lifecycle import TRANSITIONS, Context, approvals
from app.permissions import role_in
from app.portal.links import link
from app.publication.models import Recruitment
from app.responses.models import Approval
from app.wording import LABELS, REFUSALS, label, stage_word

#: The way forward from each stored stage; the others of the table lead aside or back.
FORWARD = {
    "draft": "published",
    "published": "opened",
    "opened": "qualification",
    "qualification": "scoring",
    "scoring": "reported",
    "reported": "publicity",
    "publicity": "awarded",
    "awarded": "integration",
    "integration": "promotion",
    "promotion": "archived",
}
#: Where each step is taken, the likeliest page first.
PAGES: dict[str, tuple[str, ...]] = {
    "published": ("publication.plan",),
    "opened": ("responses.opening",),
    "qualification": ("review.progress",),
    "scoring": ("review.progress",),
    "reported": ("review.matrix", "review.report"),
    "publicity": ("results.publicity",),
    "awarded": ("results.award",),
    "integration": ("acceptance.board",),
    "promotion": ("acceptance.golive", "acceptance.board"),
    "archived": ("results.decisions",),
    "suspended": ("results.decisions",),
    "terminated": ("results.decisions",),
    "resumed": ("results.decisions",),
    "re_review": ("results.decisions",),
}
#: Where what a guard wants is put right, if not on the step's own page.
MENDING: dict[str, tuple[str, ...]] = {
    "supplements_unconfirmed": ("publication.supplements",),
    "arrivals_not_closed": ("responses.arrivals",),
    "panel_incomplete": ("panel.seats", "panel.draws"),
    "chair_missing": ("panel.seats",),
    "report_not_signed": ("review.report",),
    "objection_open": ("results.objections",),
    "objection_upheld": ("results.decisions",),
    "notices_not_issued": ("results.notices",),
    "integration_not_finished": ("acceptance.board",),
}
#: The steps that two people take, by the name their approvals carry.
APPROVED_AS = {"opened": "open", "awarded": "award", "archived": "archive"}


@dataclass(frozen=True)
class Step:
    """One possible step. `refusal` is the guard's code or "", `sentence` its words; `who` may take it.

    `mender` says who can put right what holds it; `url` leads to where the step is taken or mended, "" where
    this person has no such page. `mine`: the person's role may take the step.
    """

    to: str
    word: str
    who: str
    refusal: str
    sentence: str
    mender: str
    url: str
    mend_url: str
    mine: bool
    missing_role: str = ""


def forward(recruitment: Recruitment, user: Any, now: datetime) -> Step | None:
    """The step ahead with what holds it; None at the end of the way or beside it."""
    to = FORWARD.get(recruitment.stage)
    if to is None:
        return None
    transition = TRANSITIONS[recruitment.stage, to]
    refusal = transition.guard(Context(recruitment, now)) if transition.guard is not None else None
    role = role_in(user, recruitment) or ""
    missing = ""
    if refusal == "two_persons_needed":
        given = {row.role for row in approvals(recruitment, APPROVED_AS.get(to, to))}
        missing = "、".join(label("role", name) for name in ("staff", "supervisor") if name not in given)
    return Step(
        to=to,
        word=stage_word("recruitment", to),
        who="、".join(label("role", name) for name in transition.roles if name != "system"),
        refusal=refusal or "",
        sentence=REFUSALS.get(f"guard.{refusal}", "") if refusal else "",
        mender=missing or (LABELS["blocked_by"].get(refusal, "") if refusal else ""),
        url=link(PAGES[to], recruitment),
        mend_url=link(MENDING.get(refusal or "", ()), recruitment),
        mine=role in transition.roles,
        missing_role=missing,
    )


@dataclass(frozen=True)
class Aside:
    """A step that leaves the way: suspend, resume, re-review, terminate."""

    word: str
    who: str
    url: str


def aside(recruitment: Recruitment, user: Any) -> list[Aside]:
    """The steps beside the way that this person's role may take and that have a page."""
    role = role_in(user, recruitment) or ""
    found: dict[str, Aside] = {}
    for (source, target), transition in TRANSITIONS.items():
        if source != recruitment.stage or target == FORWARD.get(source) or role not in transition.roles:
            continue
        if source == "suspended" and target not in ("terminated", "scoring", "qualification"):
            if target != recruitment.stage_before:
                continue
        kind = transition.event.removeprefix("recruitment.")
        url = link(PAGES.get(kind, ()), recruitment)
        if kind not in found and url:
            who = "、".join(label("role", name) for name in transition.roles)
            found[kind] = Aside(label("aside", kind), who, url)
    return list(found.values())


def waiting_approvals(recruitment_ids: Iterable[int]) -> list[Approval]:
    """Approvals that wait for the other person, over several recruitments; one statement."""
    rounds: dict[tuple[int, str], list[Approval]] = {}
    for row in db.session.scalars(
        select(Approval)
        .where(Approval.recruitment_id.in_(list(recruitment_ids)), Approval.used_at.is_(None))
        .order_by(Approval.id)
    ):
        rounds.setdefault((row.recruitment_id, row.step), []).append(row)
    return [held[0] for held in rounds.values() if len({row.role for row in held}) == 1]
