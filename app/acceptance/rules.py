"""Permissions of the feature `acceptance`."""

from __future__ import annotations

from typing import Any

from app.navigation import recruitment_entry
from app.permissions import declare


def _begun(recruitment: Any) -> bool:
    """Once the integration has begun, who is waited for is everybody's business."""
    return recruitment is not None and recruitment.programme_id is not None


def _lost_days(change: Any) -> bool:
    """Staff give days back; more days than the plan's are the supervisor's to grant."""
    return change is not None and change.kind == "given_back"


_ALL_SIDES: dict[str, Any] = {"owner": None, "operator": None, "staff": None, "supervisor": None}

declare("acceptance.progress", anyone=_begun)
declare("acceptance.golive", anyone=_begun)
declare("acceptance.trial_ca", anyone=None)
declare("acceptance.board", staff=None, supervisor=None, operator=None)
declare("acceptance.mine", vendor=_begun)
declare("acceptance.workspace", **_ALL_SIDES)
declare("acceptance.item", **_ALL_SIDES)
declare("acceptance.read_evidence", **_ALL_SIDES)
declare("acceptance.evidence", owner=None, operator=None, staff=None)
declare("acceptance.prove", owner=None)
declare("acceptance.decide", operator=None, staff=None)
declare("acceptance.remark", owner=None, operator=None, staff=None)
declare("acceptance.accept", operator=None, staff=None)
declare("acceptance.manage", staff=None)
declare("acceptance.ask_days", owner=None, operator=None, staff=None)
declare("acceptance.decide_days", supervisor=None, staff=_lost_days)
declare("acceptance.suspend", staff=None)
declare("acceptance.remove", staff=None, supervisor=None)
declare("acceptance.certificates", **_ALL_SIDES)
declare("acceptance.request", owner=None)
declare("acceptance.revoke", owner=None, staff=None)
declare("acceptance.duties", **_ALL_SIDES)
declare("acceptance.record_duty", owner=None, staff=None)
declare("acceptance.answer_duty", owner=None, staff=None)
declare("acceptance.reveal", owner=None, staff=None, supervisor=None)

recruitment_entry("acceptance.board", "对接看板", "acceptance.board", 60)
recruitment_entry("acceptance.mine", "对接工作台", "acceptance.mine", 61)
recruitment_entry("acceptance.my_certificates", "试用证书", "acceptance.mine", 62)
recruitment_entry("acceptance.progress", "对接进展", "acceptance.progress", 63)
recruitment_entry("acceptance.golive", "上线", "acceptance.golive", 64)
