"""The use cases of the integration, each one transaction, in one place; each room holds those of one matter."""

from __future__ import annotations

from app.acceptance.certificates import (
    answer_challenge,
    open_envelope,
    renew_certificate,
    request_certificate,
    revoke_certificate,
)
from app.acceptance.deadlines import (
    ask_extension,
    ask_give_back,
    decide_extension,
    mark_overdue,
    pause_all,
    remove_overdue,
    resume_all,
    resume_integration,
    suspend_integration,
)
from app.acceptance.duties import answer_duty, note_duty_file, record_duty, reveal_duty
from app.acceptance.items import accept_items, add_evidence, add_remark, decide_item, prove
from app.acceptance.programme import (
    accept_integration,
    change_requirement,
    publish_notice,
    remind_vendors,
    start_integration,
    start_promotion,
)
from app.acceptance.selection import begin_missing, follow_selection

__all__ = [
    "accept_integration",
    "accept_items",
    "add_evidence",
    "add_remark",
    "answer_challenge",
    "answer_duty",
    "ask_extension",
    "ask_give_back",
    "begin_missing",
    "change_requirement",
    "decide_extension",
    "decide_item",
    "follow_selection",
    "mark_overdue",
    "note_duty_file",
    "open_envelope",
    "pause_all",
    "prove",
    "publish_notice",
    "record_duty",
    "remind_vendors",
    "remove_overdue",
    "renew_certificate",
    "request_certificate",
    "resume_all",
    "resume_integration",
    "reveal_duty",
    "revoke_certificate",
    "start_integration",
    "start_promotion",
    "suspend_integration",
]
