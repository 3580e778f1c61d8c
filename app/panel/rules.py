"""Permissions of the feature `panel`."""

from __future__ import annotations

from typing import Any

from app.navigation import main_entry, recruitment_entry
from app.permissions import declare


def _opened(recruitment: Any) -> bool:
    return recruitment is not None and getattr(recruitment, "opened_at", None) is not None


def _fixed(draw: Any) -> bool:
    """What decides a draw is public as soon as it is fixed."""
    return draw is not None and draw.fixed_digest != ""


declare("pool.read", admin=None, organiser=None)
declare("pool.manage", admin=None, organiser=None)
declare("draw.read", staff=None, supervisor=None)
declare("draw.prepare", staff=None)
declare("draw.party", staff=None, supervisor=None)
declare("draw.public", anyone=_opened)
declare("draw.proof", staff=None, supervisor=None, anyone=_fixed)
declare("panel.read", staff=None, supervisor=None)
declare("panel.manage", staff=None)
declare("panel.mine", pool_expert=None)
declare("panel.chair", seat=None)
declare("seat.answer", owner=None)
declare("seat.key", owner=None)
declare("seat.renew_key", supervisor=None)
declare("seat.certificate", owner=None, staff=None, supervisor=None)
declare("seat.manage", staff=None)
declare("seat.replace", staff=None, supervisor=None)
declare("fee.read", staff=None, supervisor=None)
declare("fee.record", staff=None)

main_entry("panel.mine", "我的邀请", "panel.mine", 20)
main_entry("panel.pool", "评审专家库", "pool.read", 70)
recruitment_entry("panel.draws", "专家抽取", "draw.read", 36)
recruitment_entry("panel.public_draws", "抽取公开记录", "draw.public", 37)
recruitment_entry("panel.seats", "评审委员会", "panel.read", 38)
recruitment_entry("panel.chair_page", "推选组长", "panel.chair", 39)
recruitment_entry("panel.fees", "签到与评审费", "fee.read", 47)
