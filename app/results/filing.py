"""Use cases of filing an objection (质疑): by its vendor in the system, or on paper through the staff."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy import exists, func, select

from app import clock
from app.accounts.models import Organisation, OrganisationMember
from app.audit import Actor, record
from app.calendar import calendar
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results import deadlines
from app.results.common import (
    Attachment,
    attachment,
    lock,
    needed,
    page,
    tell_organisation,
    tell_roles,
)
from app.results.models import Objection
from app.templating import show_date
from app.wording import label, stage_word
from evaluation.models import Candidate
from evaluation.objections import SUBJECTS, Admissibility, Filed, ObjectionCode


def is_party(organisation_id: int, recruitment: Recruitment, subject: str) -> bool:
    """True where a body may object: it answered the recruitment; on the documents, a begun answer is enough."""
    query = select(Response.id).where(
        Response.recruitment_id == recruitment.id, Response.organisation_id == organisation_id
    )
    if subject != "documents":
        query = query.where(Response.stage.in_(("submitted", "opened")))
    return bool(db.session.scalar(select(exists(query))))


def admissibility(
    recruitment: Recruitment, *, subject: str, text: str, organisation_id: int, received_at: datetime
) -> Admissibility:
    """Every reason against admitting an objection: who, when, ground."""
    filed = Filed(subject, received_at, is_party(organisation_id, recruitment, subject), text)
    window = (
        deadlines.objection_window(recruitment, subject)
        if subject in SUBJECTS
        else deadlines.Window(None, None, None)
    )
    return deadlines.objection_rules(recruitment).admissibility(
        filed, opened_on=window.opened_on, event_date=window.event_on, calendar=calendar()
    )


def admissibility_of(objection: Objection) -> Admissibility:
    """Whether one on record is admissible, judged at the time of its receipt."""
    return admissibility(
        objection.recruitment,
        subject=objection.subject,
        text=objection.text,
        organisation_id=objection.organisation_id,
        received_at=objection.received_at,
    )


def reasons_in_words(found: Admissibility) -> str:
    """All reasons against it in one sentence."""
    words = []
    for code in found.reasons:
        sentence = label("objection_reason", code.value)
        if code is ObjectionCode.LATE and found.until is not None:
            sentence += f"（期限为{show_date(found.until.last_day)}）"
        words.append(sentence)
    return "；".join(words)


def own_vendor(actor: Actor) -> Organisation | None:
    """The vendor that the person acts for."""
    if actor.user is None:
        return None
    return db.session.scalar(
        select(Organisation)
        .join(OrganisationMember, OrganisationMember.organisation_id == Organisation.id)
        .where(
            OrganisationMember.user_id == actor.user.id,
            OrganisationMember.left_at.is_(None),
            Organisation.kind == "vendor",
        )
        .limit(1)
    )


def file_objection(
    *,
    actor: Actor,
    recruitment: Recruitment,
    subject: str,
    text: str,
    against: Candidate | None = None,
    source: IO[bytes] | None = None,
    file_name: str = "",
) -> Objection:
    """A vendor objects to the documents, the process or the result.

    Raises Refusal `objection_inadmissible` with every reason against it (not a party, early, late, no
    ground), and what `attachment` refuses. Side effects: row with its deadline, event, messages to staff
    and supervisor. It holds notices and contracts from now on.
    """
    return _file(
        actor=actor,
        recruitment=recruitment,
        subject=subject,
        text=text,
        against=against,
        evidence=attachment(source, file_name),
    )


@action
def _file(
    *,
    actor: Actor,
    recruitment: Recruitment,
    subject: str,
    text: str,
    against: Candidate | None,
    evidence: Attachment | None,
) -> Objection:
    organisation = own_vendor(actor)
    if organisation is None:
        raise Denied("objection_vendor_only")
    _running(recruitment)
    received_at = clock.now()
    found = admissibility(
        recruitment,
        subject=subject,
        text=text,
        organisation_id=organisation.id,
        received_at=received_at,
    )
    if not found.admissible:
        raise Refusal("objection_inadmissible", reasons=reasons_in_words(found))
    return _add(
        actor, recruitment, organisation, subject, text, against, evidence, received_at, channel="online"
    )


def record_paper(
    *,
    actor: Actor,
    recruitment: Recruitment,
    organisation: Organisation,
    subject: str,
    text: str,
    received_at: datetime,
    against: Candidate | None = None,
    source: IO[bytes] | None = None,
    file_name: str = "",
) -> Objection:
    """Staff register an objection that came on paper, admissible or not, at the time of its arrival."""
    return _record_paper(
        actor=actor,
        recruitment=recruitment,
        organisation=organisation,
        subject=subject,
        text=text,
        received_at=received_at,
        against=against,
        evidence=attachment(source, file_name),
    )


@action
def _record_paper(
    *,
    actor: Actor,
    recruitment: Recruitment,
    organisation: Organisation,
    subject: str,
    text: str,
    received_at: datetime,
    against: Candidate | None,
    evidence: Attachment | None,
) -> Objection:
    _running(recruitment)
    if received_at > clock.now():
        raise Refusal("result_date_future", field="received_at")
    if subject not in SUBJECTS:
        raise Refusal("objection_subject", field="subject")
    needed(text, "text")
    return _add(
        actor, recruitment, organisation, subject, text, against, evidence, received_at, channel="paper"
    )


def _running(recruitment: Recruitment) -> None:
    if recruitment.stage in ("draft", "archived", "terminated"):
        raise WrongStage("objection_not_now", stage=stage_word("recruitment", recruitment.stage))


def _add(
    actor: Actor,
    recruitment: Recruitment,
    organisation: Organisation,
    subject: str,
    text: str,
    against: Candidate | None,
    evidence: Attachment | None,
    received_at: datetime,
    *,
    channel: str,
) -> Objection:
    if against is not None and against.review_id != recruitment.review_id:
        raise Refusal("not_found")
    due = deadlines.answer_due(recruitment, received_at)
    lock(recruitment)
    last = db.session.scalar(
        select(func.max(Objection.number)).where(Objection.recruitment_id == recruitment.id)
    )
    row = Objection(
        recruitment_id=recruitment.id,
        organisation_id=organisation.id,
        number=(last or 0) + 1,
        subject=subject,
        text=text.strip(),
        channel=channel,
        filed_by_id=actor.user.id if actor.user is not None else None,
        against_id=against.id if against is not None else None,
        evidence_blob=evidence.keep().key if evidence is not None else None,
        evidence_name=evidence.name if evidence is not None else "",
        evidence_type=evidence.media_type if evidence is not None else "",
        received_at=received_at,
        answer_due_on=due.last_day,
        calendar_version=due.calendar_version,
        provisional=due.provisional,
    )
    db.session.add(row)
    db.session.flush()
    record(
        "objection.received",
        actor=actor,
        recruitment=recruitment,
        subject=row,
        number=row.number,
        about=subject,
        channel=channel,
        against=against.public_id if against is not None else None,
        evidence=evidence is not None,
        received_at=received_at,
        answer_due_on=row.answer_due_on,
        calendar=row.calendar_version,
        provisional=row.provisional,
    )
    where = page(recruitment, f"objections/{row.public_id}")
    tell_roles(
        recruitment,
        "staff",
        "supervisor",
        kind="objection.received",
        subject=f"收到第 {row.number} 号质疑",
        body=f"{organisation.name}就{label('objection_subject', subject)}提出质疑，"
        f"须在{show_date(row.answer_due_on)}前答复。答复前，可能影响结果的质疑会暂停发出入选通知书和签订合同。",
        link=where,
    )
    if channel == "paper":
        tell_organisation(
            organisation.id,
            recruitment,
            kind="objection.registered",
            subject=f"贵单位的书面质疑已登记（第 {row.number} 号）",
            body=f"工作人员已登记贵单位的书面质疑，答复期限为{show_date(row.answer_due_on)}。",
            link=where,
        )
    return row
