"""From a plan file to a published recruitment: create, edit, confirm, ask, publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app import clock
from app import plan as plans
from app.accounts import duties
from app.accounts.models import Organisation
from app.audit import Actor, record
from app.concurrency import check_version
from app.documents.catalogue import order_kind
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import move
from app.permissions import organisations_of, role_in
from app.publication import publishing, telling
from app.publication.models import Recruitment
from app.publication.publishing import draft_plan
from app.publication.reading import REMOVED
from app.templating import show_time
from app.wording import REFUSALS

MAX_TITLE = 200


@action
def create_recruitment(
    *,
    actor: Actor,
    organiser: Organisation,
    plan: bytes,
    title: str = "",
    previous: Recruitment | None = None,
) -> Recruitment:
    """A recruitment in draft from the bytes of a plan file; whoever creates it is its first staff.

    `previous` makes it the second round of another recruitment of the same organiser. Raises PlanError with
    the place of a fault, Denied `publication_not_organiser`, Refusal `publication_previous`, and what
    separation of duties refuses. Side effects: the recruitment, a membership, two events.
    """
    if actor.user is None or organiser.kind != "organiser" or organiser.id not in organisations_of(actor.user):
        raise Denied("publication_not_organiser")
    if previous is not None:
        if previous.organiser_id != organiser.id or role_in(actor.user, previous) != "staff":
            raise Refusal("publication_previous", field="previous")
        if not previous.is_published:
            raise Refusal("publication_previous_draft", field="previous", title=previous.title)
    found = plans.load_plan(plan)
    name = title.strip() or str(found.get("name") or found.get("title") or "").strip()
    if not name:
        raise Refusal("publication_no_title", field="title")
    row = Recruitment(
        title=name[:MAX_TITLE],
        organiser_id=organiser.id,
        created_by_id=actor.user.id,
        created_at=clock.now(),
        plan_bytes=found.raw,
        previous_id=previous.id if previous is not None else None,
    )
    db.session.add(row)
    db.session.flush()
    record(
        "publication.created",
        actor=actor,
        recruitment=row,
        subject=row,
        previous=previous.public_id if previous is not None else "",
        draft_sm3=publishing.stored_digest(row),
    )
    duties.grant(actor.user, row, "staff", actor=actor, organisation=organiser)
    return row


def _editable(recruitment: Recruitment) -> None:
    if recruitment.stage != "draft":
        raise WrongStage("publication_frozen")


def _store(recruitment: Recruitment, data: bytes, *, actor: Actor, kind: str, **facts: Any) -> None:
    """Write the draft. Whoever asked for publication asked for other bytes: the request is void."""
    recruitment.plan_bytes = data
    if recruitment.publish_asked_by_id is not None:
        recruitment.publish_asked_by_id = None
        facts["request_void"] = True
    record(
        kind,
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        draft_sm3=publishing.stored_digest(recruitment),
        **facts,
    )


@action
def rename(*, actor: Actor, recruitment: Recruitment, title: str, version: Any) -> None:
    """Give the draft another title. Raises Refusal `publication_no_title`, WrongStage, Conflict."""
    _editable(recruitment)
    check_version(recruitment, version, current=recruitment.title, submitted=title)
    if not title.strip():
        raise Refusal("publication_no_title", field="title")
    recruitment.title = title.strip()[:MAX_TITLE]
    record("publication.renamed", actor=actor, recruitment=recruitment, subject=recruitment)


@action
def save_values(
    *,
    actor: Actor,
    recruitment: Recruitment,
    values: Mapping[str, Any],
    version: Any,
    current: Any = None,
    submitted: Any = None,
) -> int:
    """Write changed values of the draft plan by their paths (`reading.REMOVED` takes one out); how many differ.

    `current` and `submitted` are what a conflict shows. Raises WrongStage `publication_frozen`, Conflict on
    an older version, PlanError for a place or value that a plan can't have. One event naming the paths.
    """
    _editable(recruitment)
    check_version(recruitment, version, current=current, submitted=submitted)
    plan = draft_plan(recruitment)
    changed = {path: value for path, value in values.items() if plans.get_value(plan, path) != value}
    if not changed:
        return 0
    after = plans.set_values(plan, [(path, value) for path, value in changed.items() if value is not REMOVED])
    for path, value in changed.items():
        if value is REMOVED:
            after = plans.remove(after, path)
    _store(recruitment, after.raw, actor=actor, kind="publication.edited", paths=list(changed))
    return len(changed)


@action
def add_entry(*, actor: Actor, recruitment: Recruitment, path: str, entry: Any, version: Any) -> None:
    """Add an entry behind the last of a list of the draft plan."""
    _editable(recruitment)
    check_version(recruitment, version)
    plan = draft_plan(recruitment)
    entries = plans.get_value(plan, path)
    if entries is not None and not isinstance(entries, list):
        raise Refusal("publication_no_list")
    after = plans.set_value(plan, f"{path}.{len(entries or []) + 1}", entry)
    _store(recruitment, after.raw, actor=actor, kind="publication.edited", paths=[path])


@action
def remove_entry(*, actor: Actor, recruitment: Recruitment, path: str, version: Any) -> None:
    """Take a value or an entry out of the draft plan."""
    _editable(recruitment)
    check_version(recruitment, version)
    after = plans.remove(draft_plan(recruitment), path)
    _store(recruitment, after.raw, actor=actor, kind="publication.edited", paths=[path])


@action
def replace_plan(*, actor: Actor, recruitment: Recruitment, plan: bytes, version: Any) -> None:
    """Put an uploaded file in the place of the draft. Raises PlanError with the place of a fault."""
    _editable(recruitment)
    check_version(recruitment, version)
    found = plans.load_plan(plan)
    _store(recruitment, found.raw, actor=actor, kind="publication.replaced")


@action
def confirm_supplements(
    *, actor: Actor, recruitment: Recruitment, ids: Iterable[str] | None = None, version: Any = None
) -> None:
    """Confirm supplements: those named, or all. Whoever confirms answers for the text that is published."""
    _editable(recruitment)
    if version is not None:
        check_version(recruitment, version)
    plan = draft_plan(recruitment)
    chosen = None if ids is None else list(ids)
    after = plans.confirm_supplements(plan, chosen)
    if after.raw != plan.raw:
        _store(
            recruitment,
            after.raw,
            actor=actor,
            kind="publication.supplements_confirmed",
            supplements=chosen if chosen is not None else "all",
        )


@action
def ask_publication(*, actor: Actor, recruitment: Recruitment) -> None:
    """The first of two persons: asks a colleague to check the plan and to publish it.

    Raises WrongStage `publication_frozen` or `not_allowed_now` with what still holds the plan, Refusal
    `publication_asked_already`. Side effects: who asked, one event, a message to the other staff.
    """
    _editable(recruitment)
    if actor.user is None or actor.role != "staff":
        raise Denied("publication_staff_only")
    if recruitment.publish_asked_by_id is not None:
        raise Refusal("publication_asked_already")
    if (reason := publishing.plan_reason(recruitment)) is not None:
        raise _not_now(reason)
    _closing_ahead(draft_plan(recruitment))
    recruitment.publish_asked_by_id = actor.user.id
    record(
        "publication.asked",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        draft_sm3=publishing.stored_digest(recruitment),
    )
    telling.tell(
        [user for user in telling.members(recruitment, "staff") if user.id != actor.user.id],
        recruitment,
        kind="publication.asked",
        subject="请复核并发布招募公告",
        body=f"{actor.user.name}已完成“{recruitment.title}”的方案，请您复核后发布。",
        page="plan",
        urgency=1,
    )


@action
def withdraw_ask(*, actor: Actor, recruitment: Recruitment) -> None:
    """Take the request for publication back, to go on editing or because the second person declines."""
    _editable(recruitment)
    if recruitment.publish_asked_by_id is None:
        raise Refusal("publication_not_asked")
    recruitment.publish_asked_by_id = None
    record("publication.ask_withdrawn", actor=actor, recruitment=recruitment, subject=recruitment)


def _not_now(reason: str) -> WrongStage:
    return WrongStage("not_allowed_now", step="发布招募公告", hint=REFUSALS[f"guard.{reason}"], guard=reason)


def _closing_ahead(plan: Any) -> None:
    closes = plans.schedule_instants(plans.apply_supplements(plan)).closes_at
    if closes is None or closes <= clock.now():
        raise Refusal("publication_closing_past", closes=show_time(closes))


@action
def publish(*, actor: Actor, recruitment: Recruitment, seen: str | None = None) -> None:
    """The second of two persons: freezes the plan and publishes the notice.

    `seen` is the SM3 of the draft that the person read. Raises Refusal `second_person_needed` for the one
    who asked, Conflict `publication_plan_changed` where the draft is another by now, WrongStage with what
    holds the plan. Side effects: stage, version 1 of the plan, dates, jobs for the notice and the plan as
    PDF, messages to everybody in the recruitment and to the agents of registered vendors, events.
    """
    _editable(recruitment)
    if actor.user is None or actor.role != "staff":
        raise Denied("publication_staff_only")
    if recruitment.publish_asked_by_id == actor.user.id:
        raise Refusal("second_person_needed")
    if (reason := publishing.blocking_reason(recruitment)) is not None:
        raise _not_now(reason)
    draft = publishing.stored_digest(recruitment)
    if seen is not None and seen != draft:
        raise Conflict("publication_plan_changed", current=draft, submitted=seen)
    plan = draft_plan(recruitment)
    _closing_ahead(plan)
    moment = clock.now()
    version = publishing.freeze_version(recruitment, plan, moment)
    recruitment.published_at = moment
    move(
        recruitment,
        "published",
        actor=actor,
        plan_sm3=version.digest,
        version=version.number,
        closes_at=recruitment.closes_at,
    )
    for kind in ("notice", "plan"):
        order_kind(actor=actor, recruitment=recruitment, kind=kind)
    _announce(recruitment)


def _announce(recruitment: Recruitment) -> None:
    body = (
        f"“{recruitment.title}”已发布。响应文件递交时间：{show_time(recruitment.opens_at)}至"
        f"{show_time(recruitment.closes_at)}（北京时间）。"
    )
    subject = "招募公告已发布"
    people = telling.members(recruitment, "staff", "supervisor", "operator")
    told = {user.id for user in people}
    telling.tell(people, recruitment, kind="publication.published", subject=subject, body=body)
    # Vendors see the notice in their messages; an unasked mail to every registered company is not ours to send.
    telling.tell(
        [user for user in telling.agents() if user.id not in told],
        recruitment,
        kind="publication.published",
        subject=subject,
        body=body,
        mail=False,
    )
