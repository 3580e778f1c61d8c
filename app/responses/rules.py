"""Permissions of the feature `responses`.

Staff and administrators have no relation to a response that opens it: before the opening nobody but its
vendor does, and after it documents are read on the pages of the review.
"""

from __future__ import annotations

from typing import Any

from app.navigation import recruitment_entry
from app.permissions import declare


def _published(recruitment: Any) -> bool:
    return recruitment is not None and recruitment.is_published


declare("response.mine", vendor=_published)
declare("response.work", owner=None)
declare("response.edit", owner=None)
declare("response.overview", staff=None, supervisor=None)
declare("arrival.read", staff=None, supervisor=None)
declare("arrival.register", staff=None)
declare("opening.read", staff=None, supervisor=None)
declare("opening.approve", staff=None, supervisor=None)
declare("difference.read", staff=None, supervisor=None, seat=None)
declare("difference.note", staff=None)
declare("difference.confirm", staff=None, supervisor=None)

recruitment_entry("responses.workspace", "响应文件", "response.mine", 20)
recruitment_entry("responses.overview", "响应情况", "response.overview", 21)
recruitment_entry("responses.arrivals", "纸质签收", "arrival.read", 22)
recruitment_entry("responses.opening", "启封", "opening.read", 23)
recruitment_entry("responses.differences", "纸质差异", "difference.read", 24)
