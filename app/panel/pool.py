"""Use cases of the expert pool (评审专家库). The pool is not the panel: nothing here tells who was drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit import Actor, record
from app.errors import Conflict, Refusal
from app.extensions import action, db
from app.panel import workbook
from app.panel.workbook import PoolRow
from evaluation.models import Expert

TEXTS = ("code", "name", "employer", "title", "speciality", "phone", "email")


@dataclass(frozen=True)
class Imported:
    """How many experts a workbook brought, changed, and left as they were."""

    added: int
    updated: int
    unchanged: int


@action
def import_experts(*, actor: Actor, data: bytes) -> Imported:
    """Bring a workbook into the pool, all of it or nothing: new codes are added, known ones updated.

    Raises what `workbook.read` raises. Side effects: rows, one event with the counts.
    """
    rows = workbook.read(data)
    known = _known(row.values["code"] for row in rows)
    added = updated = 0
    for row in rows:
        expert = known.get(row.values["code"])
        if expert is None:
            db.session.add(Expert(**row.values, relations=row.relations, active=row.active))
            added += 1
        elif _write(expert, row):
            updated += 1
    try:
        db.session.flush()
    except IntegrityError:
        raise Conflict("stale_row") from None  # another import brought one of the codes in between
    record("experts.imported", actor=actor, added=added, updated=updated, count=len(rows))
    return Imported(added, updated, len(rows) - added - updated)


def _known(codes: Iterable[str]) -> dict[str, Expert]:
    wanted = list(codes)
    found: dict[str, Expert] = {}
    for start in range(0, len(wanted), 500):
        query = select(Expert).where(Expert.code.in_(wanted[start : start + 500]))
        found |= {expert.code: expert for expert in db.session.scalars(query)}
    return found


def _write(expert: Expert, row: PoolRow) -> bool:
    new: dict[str, Any] = {**row.values, "relations": row.relations, "active": row.active}
    if all(getattr(expert, key) == value for key, value in new.items()):
        return False
    for key, value in new.items():
        setattr(expert, key, value)
    return True


@action
def add_expert(*, actor: Actor, values: Mapping[str, str], relations: list[dict[str, str]]) -> Expert:
    """One expert by hand. Raises Refusal `expert_code_known`. One event."""
    expert = Expert(**{key: values.get(key, "") for key in TEXTS}, relations=relations)
    db.session.add(expert)
    _flush(expert.code)
    record("expert.added", actor=actor, subject=expert)
    return expert


@action
def edit_expert(
    *, actor: Actor, expert: Expert, values: Mapping[str, str], relations: list[dict[str, str]]
) -> None:
    """Correct the data of an expert; a draw that was fixed keeps what stood then. One event names the fields."""
    new: dict[str, Any] = {**{key: values.get(key, "") for key in TEXTS}, "relations": relations}
    changed = [key for key, value in new.items() if getattr(expert, key) != value]
    for key in changed:
        setattr(expert, key, new[key])
    _flush(expert.code)
    if changed:
        record("expert.edited", actor=actor, subject=expert, fields=changed)


def _flush(code: str) -> None:
    try:
        db.session.flush()
    except IntegrityError:
        raise Refusal("expert_code_known", field="code", number=code) from None


@action
def set_active(*, actor: Actor, expert: Expert, active: bool, reason: str = "") -> None:
    """Take an expert out of the pool (with a reason) or back in. Seats already drawn stay. One event."""
    if expert.active == active:
        return
    if not active and not reason.strip():
        raise Refusal("reason_required", field="reason")
    expert.active = active
    kind = "expert.activated" if active else "expert.deactivated"
    record(kind, actor=actor, subject=expert, reason=reason.strip())
