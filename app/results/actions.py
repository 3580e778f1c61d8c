"""The use cases after the ranking, in one place; each room holds those of one matter."""

from __future__ import annotations

from app.results.award import approve_award, award, decide_early_award
from app.results.candidates import accept_selected
from app.results.complaints import record_complaint, record_order
from app.results.contracts import attach_scan, record_contract
from app.results.deadlines import recount
from app.results.decisions import archive, resume, suspend, terminate, withdraw_proposal
from app.results.fees import mark_paid, split_fees
from app.results.filing import file_objection, record_paper
from app.results.notices import acknowledge_notice, issue_notices, selected_candidates
from app.results.objections import (
    accept_objection,
    answer_objection,
    judge_objection,
    refuse_objection,
    remedy_objection,
    withdraw_objection,
)
from app.results.publicity import set_publicity_dates, start_publicity
from app.results.re_review import consent_re_review, re_review
from app.results.substitution import remove_selected, withdraw_selected

__all__ = [
    "accept_objection",
    "accept_selected",
    "acknowledge_notice",
    "answer_objection",
    "approve_award",
    "archive",
    "attach_scan",
    "award",
    "consent_re_review",
    "decide_early_award",
    "file_objection",
    "issue_notices",
    "judge_objection",
    "mark_paid",
    "re_review",
    "record_complaint",
    "record_contract",
    "record_order",
    "record_paper",
    "recount",
    "refuse_objection",
    "remedy_objection",
    "remove_selected",
    "resume",
    "selected_candidates",
    "set_publicity_dates",
    "split_fees",
    "start_publicity",
    "suspend",
    "terminate",
    "withdraw_objection",
    "withdraw_proposal",
    "withdraw_selected",
]
