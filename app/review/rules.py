"""Permissions of the feature `review`."""

from __future__ import annotations

from typing import Any

from app.navigation import recruitment_entry
from app.permissions import declare, recruitment_of


def _held(subject: Any) -> bool:
    """The own sheet, while its seat is held: a replaced expert reads and writes nothing more."""
    seat = getattr(subject, "seat", None)
    return seat is not None and seat.seat_no is not None


def _published(lottery: Any) -> bool:
    """A proof is for everybody once the results are."""
    recruitment = recruitment_of(lottery)
    return recruitment is not None and recruitment.publicity_starts_at is not None and recruitment.stage in (
        "publicity",
        "awarded",
        "integration",
        "promotion",
        "archived",
    )


declare("review.desk", seat=None)
declare("review.sheet", owner=_held)
declare("review.document", seat=None, staff=None, supervisor=None)
declare("review.check_seals", seat=None, staff=None)
declare("review.vote", seat=None)
declare("review.dispute", seat=None, staff=None, supervisor=None)
declare("review.settle", seat=None)
declare("review.progress", staff=None, supervisor=None)
declare("review.manage", staff=None)
declare("review.matrix", staff=None, supervisor=None)
declare("review.clarifications", seat=None, staff=None, supervisor=None)
declare("review.ask", seat=None)
declare("review.answer", vendor=None)
declare("review.questions", vendor=None)
declare("review.hints", seat=None, staff=None, supervisor=None)
# An expert's view of a hint belongs on the own sheet: nobody of the panel reads it before signing.
declare("review.judge_hint", staff=None)
declare("review.lottery", staff=None, supervisor=None)
declare("review.lottery_proof", seat=None, staff=None, supervisor=None, anyone=_published)
declare("review.report", seat=None, staff=None, supervisor=None)
declare("review.sign_report", seat=None)

recruitment_entry("review.desk", "评审桌面", "review.desk", 40)
recruitment_entry("review.progress", "评审进度", "review.progress", 41)
recruitment_entry("review.meeting", "评审会场", "review.progress", 42)
recruitment_entry("review.hints", "雷同线索", "review.hints", 43)
recruitment_entry("review.clarifications", "评审澄清", "review.clarifications", 44)
recruitment_entry("review.questions", "澄清答复", "review.questions", 44)
recruitment_entry("review.report", "评审报告", "review.report", 46)
