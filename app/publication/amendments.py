"""补充/更正公告: the only way to change a published plan, and only before the closing time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app import clock
from app import plan as plans
from app.audit import Actor, record
from app.concurrency import check_version
from app.documents.catalogue import order_document
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import stage_now
from app.plan.structure import Value
from app.publication import publishing, telling
from app.publication.fields import shape_at
from app.publication.models import Amendment, Recruitment
from app.publication.places import place_word
from app.publication.publishing import draft_plan
from app.templating import show_time
from evaluation.plan_paths import key_of

#: A change under one of these changes what a response must contain or prove.
TOUCHING = ("responses.", "evaluation.qualification.", "evaluation.scoring.")
CLOSES_ON = "publication.schedule.responses_close"
CLOSES_AT = "publication.schedule.closing_time"


def may_amend(recruitment: Recruitment) -> bool:
    """True from the publication to the closing time."""
    return stage_now(recruitment, clock.now()) in ("published", "accepting")


def _amendable(recruitment: Recruitment) -> None:
    if not may_amend(recruitment):
        raise WrongStage("amendment_closed", closes=show_time(recruitment.closes_at))


def touches(changes: Sequence[Mapping[str, Any]], said: bool) -> bool:
    """Whether vendors must confirm or replace: the organiser says so, or a changed place does."""
    return said or any(str(change.get("path", "")).startswith(TOUCHING) for change in changes)


def like(value: Any, before: Any) -> Any:
    """A value as JSON or a form holds it, in the type of the one it replaces.

    Raises PlanError `plan_value_bad` for a date or number that can't be read.
    """
    if not isinstance(value, str) or isinstance(before, str) or before is None:
        return value
    try:
        if isinstance(before, bool):
            return {"true": True, "false": False}[value.strip().lower()]
        if isinstance(before, int):
            return int(value)
        if isinstance(before, date):
            return date.fromisoformat(value.strip())
    except (KeyError, ValueError):
        raise Refusal("amendment_value", field="changes", value=value[:60]) from None
    return value


def amended(plan: Any, changes: Sequence[tuple[str, Any]]) -> Any:
    """The plan with values changed that are in force: also where a supplement had set them.

    Raises PlanError for a place that the plan does not have, Refusal `amendment_overruled` where a change
    would have no effect.
    """
    written: list[tuple[str, Any]] = []
    moot: set[str] = set()
    for path, value in changes:
        rows = _set_by(plan, path)
        if not rows:
            written.append((path, value))
            continue
        place, row = rows[-1]
        if "replace" in row:
            # The words that were replaced may be gone from the new text.
            moot.update(place for place, row in rows if "replace" in row)
            written.append((path, value))
        else:
            written.append((f"{place}.value{path[len(row['path']) :]}", value))
    after = plans.set_values(plan, written) if written else plan
    for place in sorted(moot, key=lambda place: int(place.rsplit(".", 1)[-1]), reverse=True):
        after = plans.remove(after, place)
    in_force = plans.apply_supplements(after)
    for path, value in changes:
        if plans.get_value(in_force, path) != value:
            raise Refusal("amendment_overruled", field="changes", place=place_word(path))
    return after


def _set_by(plan: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    """The supplement values that set a place or what contains it, each with its own place, in order."""
    found = []
    for position, entry in enumerate(plans.supplements(plan, confirmed=True), 1):
        for number, row in enumerate(entry.get("values") or [], 1):
            if path == row["path"] or path.startswith(f"{row['path']}."):
                found.append((f"supplements.{key_of(entry, position)}.values.{number}", row))
    return found


def all_changes(amendment: Amendment) -> list[tuple[str, Any]]:
    """The changes to the plan, the new closing time among them, in the plan's own types."""
    plan = plans.apply_supplements(draft_plan(amendment.recruitment))
    found: list[tuple[str, Any]] = []
    for change in amendment.changes:
        before = plans.get_value(plan, change["path"])
        found.append((change["path"], like(change["value"], before)))
    if amendment.new_closes_at is not None:
        moment = clock.local(amendment.new_closes_at)
        found += [(CLOSES_ON, moment.date()), (CLOSES_AT, f"{moment:%H:%M}")]
    return found


def _checked(
    recruitment: Recruitment,
    title: str,
    text: str,
    changes: Sequence[Mapping[str, Any]],
    new_closes_at: datetime | None,
) -> list[dict[str, Any]]:
    if not title.strip():
        raise Refusal("amendment_no_title", field="title")
    if not text.strip():
        raise Refusal("amendment_no_text", field="text")
    if new_closes_at is not None:
        if recruitment.closes_at is not None and new_closes_at <= recruitment.closes_at:
            raise Refusal(
                "amendment_closing_earlier", field="new_closes_at", closes=show_time(recruitment.closes_at)
            )
        if new_closes_at.second or new_closes_at.microsecond:
            raise Refusal("amendment_closing_minutes", field="new_closes_at")
    rows: list[dict[str, Any]] = []
    found: list[tuple[str, Any]] = []
    plan = plans.apply_supplements(draft_plan(recruitment))
    for change in changes:
        path, value = str(change.get("path", "")).strip(), change.get("value")
        before = plans.get_value(plan, path)
        if path in (CLOSES_ON, CLOSES_AT):
            raise Refusal("amendment_closing_field", field="changes")
        known = before is not None or isinstance(shape_at(path), Value)
        if not known or path.split(".")[0] == "supplements" or not _plain_place(before, value):
            raise Refusal("amendment_place", field="changes", place=place_word(path))
        found.append((path, like(value, before)))
        rows.append({"path": path, "value": plans.as_json(value)})
    amended(draft_plan(recruitment), found)
    return rows


def _plain_place(before: Any, value: Any) -> bool:
    """A single value, or a list of texts for a list of texts: whole tables are not changed at once."""
    if isinstance(before, list):
        return all(isinstance(entry, str) for entry in [*before, *(value if isinstance(value, list) else [0])])
    return not isinstance(before, dict) and not isinstance(value, dict | list)


@action
def draft_amendment(
    *,
    actor: Actor,
    recruitment: Recruitment,
    title: str,
    text: str,
    changes: Sequence[Mapping[str, Any]] = (),
    touches_responses: bool = False,
    new_closes_at: datetime | None = None,
) -> Amendment:
    """Write a draft of an amendment, one at a time. `changes` are `{"path", "value"}` of the plan in force.

    Raises WrongStage `amendment_closed` after the closing time, Refusal for a new closing time that is not
    later, and PlanError for a place that is not there. One event.
    """
    _amendable(recruitment)
    rows = _checked(recruitment, title, text, changes, new_closes_at)
    drafts = select(Amendment.number).where(
        Amendment.recruitment_id == recruitment.id, Amendment.stage == "draft"
    )
    if (open_draft := db.session.scalar(drafts)) is not None:
        raise Refusal("amendment_draft_exists", number=open_draft)
    number = db.session.scalar(
        select(func.max(Amendment.number)).where(Amendment.recruitment_id == recruitment.id)
    )
    assert actor.user is not None
    row = Amendment(
        recruitment=recruitment,
        number=(number or 0) + 1,
        title=title.strip()[:200],
        text=text.strip(),
        changes=rows,
        touches_responses=touches(rows, touches_responses),
        new_closes_at=new_closes_at,
        created_by_id=actor.user.id,
        created_at=clock.now(),
    )
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError:
        # A colleague began the same number at the same moment.
        raise Conflict("stale_row") from None
    record("amendment.drafted", actor=actor, recruitment=recruitment, subject=row, number=row.number)
    return row


@action
def edit_amendment(
    *,
    actor: Actor,
    amendment: Amendment,
    title: str,
    text: str,
    changes: Sequence[Mapping[str, Any]] = (),
    touches_responses: bool = False,
    new_closes_at: datetime | None = None,
    version: Any,
) -> None:
    """Change a draft. Raises as `draft_amendment`, Refusal `amendment_published`, Conflict with both texts."""
    _draft(amendment)
    shown = {"标题": amendment.title, "正文": amendment.text}
    check_version(amendment, version, current=shown, submitted={"标题": title, "正文": text})
    rows = _checked(amendment.recruitment, title, text, changes, new_closes_at)
    amendment.title, amendment.text, amendment.changes = title.strip()[:200], text.strip(), rows
    amendment.touches_responses = touches(rows, touches_responses)
    amendment.new_closes_at = new_closes_at
    record("amendment.edited", actor=actor, recruitment=amendment.recruitment, subject=amendment)


def _draft(amendment: Amendment) -> None:
    _amendable(amendment.recruitment)
    if amendment.stage != "draft":
        raise Refusal("amendment_published")


@action
def discard_amendment(*, actor: Actor, amendment: Amendment) -> None:
    """Throw a draft away; the number is free again, so the published ones have no gap."""
    if amendment.stage != "draft":
        raise Refusal("amendment_published")
    record(
        "amendment.discarded",
        actor=actor,
        recruitment=amendment.recruitment,
        subject=amendment,
        number=amendment.number,
    )
    db.session.delete(amendment)


def new_blocks(before: Any, after: Any) -> list[Any]:
    """What blocks in the amended plan and did not in the one in force."""
    known = {(finding.code, finding.place) for finding in plans.blocking(before)}
    return [
        finding
        for finding in plans.blocking(after)
        if (finding.code, finding.place) not in known
    ]


@action
def publish_amendment(*, actor: Actor, amendment: Amendment, keep_closing_reason: str = "") -> None:
    """Publish: the changed plan becomes the next frozen version, with its digest.

    One that touches what a response must contain asks for a later closing time, or for the reason why the
    time that is left is enough. Raises WrongStage `amendment_closed`, Refusal `amendment_closing_asked`,
    `amendment_findings` with what the linter finds in the changed plan. Side effects: version, dates, the
    PDFs of amendment and plan ordered, one event, messages to every vendor that has begun a response.
    """
    _draft(amendment)
    recruitment = amendment.recruitment
    if amendment.touches_responses and amendment.new_closes_at is None and not keep_closing_reason.strip():
        raise Refusal("amendment_closing_asked", field="reason")
    _checked(recruitment, amendment.title, amendment.text, amendment.changes, amendment.new_closes_at)
    before = draft_plan(recruitment)
    changes = all_changes(amendment)
    after = amended(before, changes)
    if found := new_blocks(before, after):
        raise Refusal(
            "amendment_findings",
            field="changes",
            listed="；".join(f"{finding.text}（{finding.suggestion}）" for finding in found[:5]),
        )
    moment = clock.now()
    earlier = recruitment.closes_at
    version = publishing.freeze_version(recruitment, after, moment)
    amendment.stage, amendment.published_at, amendment.digest = "published", moment, version.digest
    record(
        "amendment.published",
        actor=actor,
        recruitment=recruitment,
        subject=amendment,
        number=amendment.number,
        version=version.number,
        plan_sm3=version.digest,
        paths=[path for path, _value in changes],
        touches_responses=amendment.touches_responses,
        closes_before=earlier,
        closes_at=recruitment.closes_at,
        keep_closing_reason=keep_closing_reason.strip(),
    )
    order_document("amendment", amendment, recruitment=recruitment, actor=actor)
    order_document("plan", recruitment, recruitment=recruitment, actor=actor)
    _tell(amendment)


def _tell(amendment: Amendment) -> None:
    recruitment = amendment.recruitment
    closes = f"递交截止时间：{show_time(recruitment.closes_at)}。"
    must = set()
    if amendment.touches_responses:
        submitted = telling.responding(recruitment, "submitted")
        must = {user.id for user in submitted}
        telling.tell(
            submitted,
            recruitment,
            kind="amendment.confirm",
            subject=f"请确认或替换响应文件：第{amendment.number}号补充公告",
            body=f"{amendment.title}\n{amendment.text}\n本公告涉及响应文件内容，已递交的须在截止前确认或替换。{closes}",
            page="amendments",
            urgency=1,
        )
    others = [user for user in telling.responding(recruitment) if user.id not in must]
    telling.tell(
        [*others, *telling.members(recruitment, "staff", "supervisor", "operator")],
        recruitment,
        kind="amendment.published",
        subject=f"第{amendment.number}号补充（更正）公告",
        body=f"{amendment.title}\n{amendment.text}\n{closes}",
        page="amendments",
    )


def listed(recruitment: Recruitment, *, drafts: bool) -> list[Amendment]:
    """The amendments, the newest first; drafts are for the staff."""
    query = select(Amendment).where(Amendment.recruitment_id == recruitment.id)
    if not drafts:
        query = query.where(Amendment.stage == "published")
    return list(db.session.scalars(query.order_by(Amendment.number.desc())))
