"""Permissions of the feature `publication`."""

from __future__ import annotations

from typing import Any

from app.navigation import main_entry, recruitment_entry
from app.permissions import declare
from app.publication.models import Amendment


def is_published(subject: Any) -> bool:
    """True for a published recruitment; what belongs to one is asked by its own recruitment."""
    recruitment = getattr(subject, "recruitment", subject)
    return recruitment is not None and recruitment.is_published


def _shown(amendment: Any) -> bool:
    return isinstance(amendment, Amendment) and amendment.stage == "published"


declare("publication.create", organiser=None)
declare("publication.plan", staff=None)
declare("publication.edit", staff=None)
declare("publication.publish", staff=None)
declare("publication.plan_file", staff=None, anyone=is_published)
declare("amendment.list", staff=None, anyone=is_published)
declare("amendment.write", staff=None)
declare("amendment.read", staff=None, anyone=_shown)
declare("question.list", staff=None, anyone=is_published)
declare("question.ask", vendor=is_published)
declare("question.answer", staff=None)
declare("channel.proofs", staff=None, supervisor=None)
declare("channel.record", staff=None)

main_entry("publication.own", "我的招募项目", "publication.create", 20)
recruitment_entry("publication.plan", "招募方案", "publication.plan", 11)
recruitment_entry("publication.questions", "问答", "question.list", 12)
recruitment_entry("publication.amendments", "补充公告", "amendment.list", 13)
recruitment_entry("publication.channels", "发布渠道", "channel.proofs", 14)
