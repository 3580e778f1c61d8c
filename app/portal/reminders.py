"""Reminders (催办): who is late with what in a recruitment, and telling them, once a day at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, null, select

from app import clock
from app.accounts.models import Membership, OrganisationMember, User
from app.accounts.notify import notify, send_mail
from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import action, db
from app.lifecycle import OPEN_OBJECTIONS
from app.portal.due import Due, due
from app.portal.steps import waiting_approvals
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.models import Contract, Objection, SelectionNotice
from app.wording import LABELS, label
from evaluation.models import (
    Ballot,
    Candidate,
    Clarification,
    Dispute,
    Expert,
    PanelSeat,
    QualificationSheet,
    ReportSignature,
    ScoreSheet,
)
from onboarding.models import DeadlineChange, Integration, RequirementState

#: Integrations are listed from this many working days before their end.
NEAR_DAYS = 10
HIDING = ("opened", "qualification", "scoring", "reported")


@dataclass
class Late:
    """Somebody who is awaited. `key` names the line for the form; `people` get the message.

    `address` is for a person without an account: an e-mail only. `reminded_at` is the last reminder about it.
    """

    key: str
    kind: str
    who: str
    what: str
    link: tuple[str, ...]
    due: Due | None = None
    people: list[User] = field(default_factory=list)
    address: tuple[str, str] | None = None
    reminded_at: datetime | None = None

    @property
    def reachable(self) -> bool:
        return bool(self.people) or self.address is not None

    @property
    def today(self) -> bool:
        """True where a reminder about it went out on this day in Shanghai."""
        return self.reminded_at is not None and clock.local(self.reminded_at).date() == clock.today()


def _due(when: date | datetime | None) -> Due | None:
    return due("", when) if when is not None else None


class _Finder:
    def __init__(self, recruitment: Recruitment) -> None:
        self.recruitment = recruitment
        self.rows: list[Late] = []
        self._vendors: dict[int, list[User]] | None = None

    def add(self, kind: str, ref: str, who: str, what: str, link: tuple[str, ...], **rest: Any) -> None:
        self.rows.append(Late(f"{kind}:{ref}", kind, who, what, link, **rest))

    def vendor_people(self, candidate_id: int | None) -> list[User]:
        """Who acts for a vendor; all vendors are read at once."""
        if self._vendors is None:
            self._vendors = {}
            query = (
                select(Response.candidate_id, User)
                .join(OrganisationMember, OrganisationMember.organisation_id == Response.organisation_id)
                .join(User, User.id == OrganisationMember.user_id)
                .where(
                    Response.recruitment_id == self.recruitment.id,
                    Response.candidate_id.is_not(None),
                    OrganisationMember.left_at.is_(None),
                    User.is_disabled.is_(False),
                )
                .order_by(User.id)
            )
            for key, user in db.session.execute(query):
                self._vendors.setdefault(key, []).append(user)
        return self._vendors.get(candidate_id or 0, [])

    def holders(self, *roles: str) -> list[User]:
        """Who holds one of the roles now."""
        query = (
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.recruitment_id == self.recruitment.id,
                Membership.role.in_(roles),
                Membership.ended_at.is_(None),
                User.is_disabled.is_(False),
            )
            .order_by(User.id)
        )
        return list(db.session.scalars(query))


def _experts(finder: _Finder) -> None:
    review, stage = finder.recruitment.review, finder.recruitment.stage
    if review is None or stage not in HIDING:
        return
    seats: dict[int, tuple[PanelSeat, Expert, User | None]] = {
        seat.id: (seat, expert, user)
        for seat, expert, user in db.session.execute(
            select(PanelSeat, Expert, User)
            .join(Expert, Expert.id == PanelSeat.expert_id)
            .join(User, User.expert_id == Expert.id, isouter=True)
            .where(PanelSeat.review_id == review.id, PanelSeat.stage.in_(("invited", "accepted", "active")))
            .order_by(PanelSeat.position)
        )
    }

    def late(kind: str, key: int, what: str, names: tuple[str, ...], when: datetime | None = None) -> None:
        seat, expert, user = seats[key]
        # Names stay confidential until the results are published; so the line shows the seat.
        people = [user] if user is not None and not user.is_disabled else []
        address = (expert.email, expert.name) if not people and expert.email else None
        finder.add(kind, seat.public_id, seat.pseudonym or f"第 {seat.position} 位", what, names,
                   due=_due(when), people=people, address=address)

    for key, (seat, _expert, _user) in seats.items():
        if seat.stage == "invited":
            late("late_invitation", key, "尚未答复评审邀请", ("panel.mine",))
        elif seat.stage == "accepted" and seat.declared_at is None:
            late("late_declaration", key, "尚未填写回避声明", ("panel.mine",))
    active = [key for key, (seat, _e, _u) in seats.items() if seat.stage == "active"]
    for wanted, model, word in (
        ("qualification", QualificationSheet, "资格符合性审查表"),
        ("scoring", ScoreSheet, "综合评分表"),
    ):
        if stage != wanted:
            continue
        query = (
            select(model.seat_id, func.count())
            .where(model.seat_id.in_(active), model.stage.in_(("open", "reopened")))
            .group_by(model.seat_id)
        )
        for key, number in db.session.execute(query):
            late("late_sheets", key, f"还有 {number} 张{word}未签署", ("review.desk",))
    if stage == "qualification":
        query = (
            select(PanelSeat.id, func.count(), func.min(Dispute.due_at))
            .join(Dispute, Dispute.review_id == PanelSeat.review_id)
            .where(
                PanelSeat.id.in_(active),
                Dispute.stage == "open",
                ~select(Ballot.seat_id)
                .where(Ballot.dispute_id == Dispute.id, Ballot.seat_id == PanelSeat.id)
                .exists(),
            )
            .group_by(PanelSeat.id)
        )
        for key, number, when in db.session.execute(query):
            late("late_votes", key, f"还有 {number} 个争议项未投票", ("review.desk",), when)
    if review.report_digest and review.reported_at is None:
        signed = set(
            db.session.scalars(select(ReportSignature.seat_id).where(ReportSignature.review_id == review.id))
        )
        for key in active:
            if key not in signed:
                late("late_report", key, "尚未签署评审报告", ("review.report",), review.report_due_at)


def _vendors(finder: _Finder) -> None:
    recruitment = finder.recruitment
    if recruitment.review_id is None:
        return
    own = Candidate.review_id == recruitment.review_id
    for kind, what, names, query in (
        (
            "late_clarification",
            "尚未答复澄清",
            ("review.questions",),
            select(Candidate, func.count(), func.min(Clarification.due_at))
            .join(Clarification, Clarification.candidate_id == Candidate.id)
            .where(own, Clarification.stage == "asked"),
        ),
        (
            "late_notice",
            "尚未签收通知书",
            ("results.mine",),
            select(Candidate, func.count(), null())
            .join(SelectionNotice, SelectionNotice.candidate_id == Candidate.id)
            .where(own, SelectionNotice.acknowledged_at.is_(None), SelectionNotice.revoked_at.is_(None)),
        ),
        (
            "late_contract",
            "尚未签订合同与入选协议",
            ("results.mine",),
            select(Candidate, func.count(), func.min(Contract.due_on))
            .join(Contract, Contract.candidate_id == Candidate.id)
            .where(own, Contract.stage == "due"),
        ),
    ):
        for candidate, number, when in db.session.execute(
            query.group_by(Candidate.id).order_by(Candidate.number)
        ):
            words = f"{what}（{number} 件）" if number > 1 else what
            finder.add(kind, candidate.public_id, candidate.name, words, names, due=_due(when),
                       people=finder.vendor_people(candidate.id))


def _integrations(finder: _Finder) -> None:
    recruitment = finder.recruitment
    if recruitment.programme_id is None:
        return
    query = (
        select(Integration, Candidate.id, RequirementState.stage, func.count(RequirementState.id))
        .join(RequirementState, RequirementState.integration_id == Integration.id)
        .join(Candidate, Candidate.public_id == Integration.candidate_ref, isouter=True)
        .where(
            Integration.programme_id == recruitment.programme_id,
            Integration.stage.in_(("running", "extended", "overdue")),
        )
        .group_by(Integration.id, Candidate.id, RequirementState.stage)
        .order_by(Integration.deadline_on, Integration.id)
    )
    found: dict[int, tuple[Integration, int | None, dict[str, int]]] = {}
    for integration, candidate_id, stage, number in db.session.execute(query):
        found.setdefault(integration.id, (integration, candidate_id, {}))[2][stage] = number
    proved = 0
    for integration, candidate_id, stages in found.values():
        proved += stages.get("proved", 0)
        todo = stages.get("open", 0) + stages.get("returned", 0)
        until = due("", integration.deadline_on, provisional=integration.provisional)
        if todo and (until.late or until.days <= NEAR_DAYS or stages.get("returned")):
            words = f"对接验收项还有 {todo} 项未提交"
            if stages.get("returned"):
                words += f"（其中 {stages['returned']} 项被退回）"
            finder.add("late_integration", integration.public_id, integration.vendor_name, words,
                       ("acceptance.mine",), due=until,
                       people=finder.vendor_people(candidate_id))
    if proved:
        finder.add("late_acceptance", recruitment.public_id, label("role", "operator"),
                   f"还有 {proved} 项待验收", ("acceptance.board",), people=finder.holders("operator"))
    asked = db.session.scalar(
        select(func.count())
        .select_from(DeadlineChange)
        .join(Integration, Integration.id == DeadlineChange.integration_id)
        .where(Integration.programme_id == recruitment.programme_id, DeadlineChange.stage == "asked")
    )
    if asked:
        finder.add("late_extension", recruitment.public_id, label("role", "supervisor"),
                   f"还有 {asked} 件延期申请待同意", ("acceptance.board",), people=finder.holders("supervisor"))


def _offices(finder: _Finder) -> None:
    recruitment = finder.recruitment
    for row in waiting_approvals([recruitment.id]):
        role = "supervisor" if row.role == "staff" else "staff"
        finder.add("late_approval", f"{row.step}.{row.round}", label("role", role),
                   f"“{label('code', row.step)}”待确认", ("portal.dashboard_page",), people=finder.holders(role))
    number, first = db.session.execute(
        select(func.count(), func.min(Objection.answer_due_on)).where(
            Objection.recruitment_id == recruitment.id, Objection.stage.in_(OPEN_OBJECTIONS)
        )
    ).one()
    if number and first is not None:
        until = due("", first)
        if until.late or until.days <= 3:
            finder.add("late_objection", recruitment.public_id, label("role", "staff"),
                       f"还有 {number} 件质疑未答复", ("results.objections",), due=until,
                       people=finder.holders("staff"))


def late(recruitment: Recruitment) -> list[Late]:
    """Who is awaited now, grouped by kind; a constant number of statements."""
    if recruitment.stage in ("draft", "archived", "terminated"):
        return []
    finder = _Finder(recruitment)
    parts: tuple[Callable[[_Finder], None], ...] = (_experts, _vendors, _integrations, _offices)
    for part in parts:
        part(finder)
    _last_reminders(recruitment, finder.rows)
    return finder.rows


def _last_reminders(recruitment: Recruitment, rows: list[Late]) -> None:
    from app.audit import Event

    keys = {row.key for row in rows}
    if not keys:
        return
    # Two days are enough to tell "today" in any zone; older ones are history.
    query = select(Event.facts, Event.at).where(
        Event.recruitment_id == recruitment.id,
        Event.kind == "reminder.sent",
        Event.at >= clock.now() - timedelta(days=2),
    )
    last: dict[str, datetime] = {}
    for facts, at in db.session.execute(query):
        about = facts.get("about")
        for kind, refs in about.items() if isinstance(about, dict) else ():
            for key in [f"{kind}:{ref}" for ref in refs]:
                if key in keys:
                    last[key] = max(at, last.get(key, at))
    for row in rows:
        row.reminded_at = last.get(row.key)


@action
def send(
    *, actor: Actor, recruitment: Recruitment, keys: Iterable[str] | None, address: Callable[[Late, User | None], str]
) -> tuple[int, int]:
    """Remind those on the named lines (None: on all), nobody twice a day about the same.

    `address` gives the page that a person is sent to. Returns how many lines were reminded and how many were
    left out because a reminder went out today. Raises Refusal `reminder_nobody`, `reminder_today`,
    `reminder_unreachable`. Side effects: messages and e-mails, one event.
    """
    # The lock first: two who press at once must not both find that nobody was reminded.
    db.session.refresh(recruitment, with_for_update=True)
    chosen = None if keys is None else set(keys)
    rows = [row for row in late(recruitment) if chosen is None or row.key in chosen]
    if not rows:
        raise Refusal("reminder_nobody")
    fresh = [row for row in rows if not row.today]
    if not fresh:
        raise Refusal("reminder_today")
    sent = [row for row in fresh if row.reachable]
    if not sent:
        raise Refusal("reminder_unreachable")
    people: dict[str, None] = {}
    for row in sent:
        subject = f"催办：{LABELS['reminder'][row.kind]}"
        body = _body(recruitment, row)
        for user in row.people:
            notify(user, kind=f"reminder.{row.kind}", subject=subject, body=body, link=address(row, user),
                   recruitment=recruitment, urgency=1)
            people[user.public_id] = None
        if row.address is not None:
            send_mail(row.address[0], row.address[1], subject=subject, body=body, recruitment=recruitment)
    about: dict[str, list[str]] = {}
    for row in sent:
        about.setdefault(row.kind, []).append(row.key.partition(":")[2])
    record("reminder.sent", actor=actor, recruitment=recruitment, subject=recruitment, about=about, people=list(people))
    return len(sent), len(rows) - len(fresh)


def _body(recruitment: Recruitment, row: Late) -> str:
    from app.templating import show_date, show_time

    lines = [f"项目“{recruitment.title}”：{row.what}，请尽快办理。"]
    if row.due is not None:
        when = show_time(row.due.moment) if row.due.moment else show_date(row.due.day)
        left = "已逾期" if row.due.late else f"还剩 {row.due.days} 个工作日"
        lines.append(f"期限：{when}（北京时间），{left}。")
    return "\n".join(lines)
