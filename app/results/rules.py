"""Permissions of the feature `results`."""

from __future__ import annotations

from typing import Any

from app.navigation import recruitment_entry
from app.permissions import declare

#: From here on ranks and scores may be read by anybody.
PUBLIC_STAGES = ("publicity", "awarded", "integration", "promotion", "archived")
#: Objections can be about documents from the notice on.
OBJECTION_STAGES = (
    "published",
    "opened",
    "qualification",
    "scoring",
    "reported",
    "publicity",
    "awarded",
    "integration",
    "promotion",
    "suspended",
)


def result_is_public(recruitment: Any) -> bool:
    """True where the result is published; a suspended recruitment shows what it showed before."""
    if recruitment is None:
        return False
    stage = recruitment.stage_before if recruitment.stage == "suspended" else recruitment.stage
    return stage in PUBLIC_STAGES


def _objections_open(recruitment: Any) -> bool:
    return recruitment is not None and recruitment.stage in OBJECTION_STAGES


def _opened(recruitment: Any) -> bool:
    return recruitment is not None and recruitment.opened_at is not None


declare("result.read", anyone=result_is_public, staff=_opened, supervisor=_opened)
declare("result.manage", staff=None)
declare("result.own", vendor=_opened)
declare("result.award_read", staff=_opened, supervisor=_opened)
declare("result.award", staff=None, supervisor=None)
declare("result.leave", owner=None, staff=None)
declare("result.substitute", staff=None)
declare("notice.list", staff=_opened, supervisor=_opened)
declare("notice.acknowledge", owner=None)
declare("objection.file", vendor=_objections_open)
declare("objection.list", staff=None, supervisor=None)
declare("objection.read", owner=None, staff=None, supervisor=None)
declare("objection.decide", staff=None)
declare("objection.judge", staff=None, supervisor=None)
declare("objection.remedy", supervisor=None)
declare("objection.withdraw", owner=None, staff=None)
declare("objection.record", staff=None)
declare("complaint.record", staff=None)
declare("contract.list", staff=_opened, supervisor=_opened)
declare("contract.record", staff=None)
declare("contract.read", owner=None, staff=None, supervisor=None)
declare("share.list", staff=_opened, supervisor=_opened)
declare("share.split", staff=None)
declare("share.paid", staff=None)
declare("decision.list", staff=None, supervisor=None)
declare("decision.take", staff=None, supervisor=None)

recruitment_entry("results.publicity", "结果公示", "result.read", 50)
recruitment_entry("results.mine", "本单位结果", "result.own", 51)
recruitment_entry("results.award", "入选决定", "result.award_read", 52)
recruitment_entry("results.notices", "入选通知", "notice.list", 53)
recruitment_entry("results.objections", "质疑", "objection.list", 54)
recruitment_entry("results.object_form", "质疑", "objection.file", 54)
recruitment_entry("results.contracts", "合同", "contract.list", 55)
recruitment_entry("results.fees", "评审费分摊", "share.list", 56)
recruitment_entry("results.decisions", "项目决定", "decision.list", 85)
