"""Questions on the plan, asked by vendors, answered for everybody, without the asker's name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from app import clock
from app.accounts.models import User
from app.audit import Actor, record
from app.concurrency import check_version
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import stage_now
from app.permissions import relations
from app.publication.models import Question, Recruitment
from app.publication.telling import members, responding, tell
from app.templating import show_time

#: Stages, as the clock sees them, in which vendors may ask and staff may answer.
ASKING = ("published", "accepting")


def may_ask(recruitment: Recruitment) -> bool:
    """True from the publication to the closing time."""
    return stage_now(recruitment, clock.now()) in ASKING


def _before_closing(recruitment: Recruitment, code: str) -> None:
    if not may_ask(recruitment):
        raise WrongStage(code, closes=show_time(recruitment.closes_at))


@action
def ask_question(*, actor: Actor, recruitment: Recruitment, text: str, place: str = "") -> Question:
    """A vendor asks about the plan, naming the place if it wants to.

    Raises WrongStage `question_closed` after the closing time, Denied `question_vendors_only`, Refusal
    `question_empty`. Side effects: the question, one event, a message to the staff.
    """
    _before_closing(recruitment, "question_closed")
    if actor.user is None or "vendor" not in relations(actor.user, recruitment):
        raise Denied("question_vendors_only")
    if not text.strip():
        raise Refusal("question_empty", field="text")
    row = Question(
        recruitment=recruitment,
        place=place.strip()[:80],
        text=text.strip(),
        asked_by_id=actor.user.id,
        asked_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    record("question.asked", actor=actor, recruitment=recruitment, subject=row)
    tell(
        members(recruitment, "staff"),
        recruitment,
        kind="question.asked",
        subject="收到关于招募方案的提问",
        body=row.text,
        page="questions",
    )
    return row


def _open(question: Question, version: Any, submitted: str) -> Recruitment:
    if version is not None:
        check_version(
            question,
            version,
            current={"答复": question.answer, "不予公布的理由": question.decline_reason},
            submitted=submitted,
        )
    if question.stage != "received":
        raise Refusal("question_settled")
    return question.recruitment


@action
def answer_question(*, actor: Actor, question: Question, answer: str, version: Any = None) -> None:
    """Answer a question for everybody; neither the page nor the messages name who asked.

    Raises WrongStage `question_answer_late` after the closing time (nobody may learn something then that
    others could not use), Refusal `question_settled`, `question_answer_empty`; Conflict on an older version.
    Side effects: the answer is public, one event, messages to the asker and to vendors with a response.
    """
    recruitment = _open(question, version, answer)
    _before_closing(recruitment, "question_answer_late")
    if not answer.strip():
        raise Refusal("question_answer_empty", field="answer")
    assert actor.user is not None
    question.answer, question.stage = answer.strip(), "published"
    question.answered_by_id, question.published_at = actor.user.id, clock.now()
    record("question.answered", actor=actor, recruitment=recruitment, subject=question)
    tell(
        [*_asker(question), *responding(recruitment)],
        recruitment,
        kind="question.answered",
        subject="招募方案的问题已有答复",
        body=f"问：{question.text}\n答：{question.answer}",
        page="questions",
    )


@action
def decline_question(*, actor: Actor, question: Question, reason: str, version: Any = None) -> None:
    """Leave a question unpublished, with a reason that the asker reads. Also after the closing time."""
    recruitment = _open(question, version, reason)
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    assert actor.user is not None
    question.stage, question.decline_reason = "declined", reason.strip()
    question.answered_by_id = actor.user.id
    record(
        "question.declined", actor=actor, recruitment=recruitment, subject=question, reason=reason.strip()
    )
    tell(
        _asker(question),
        recruitment,
        kind="question.declined",
        subject="您的提问不予公布",
        body=f"问：{question.text}\n理由：{question.decline_reason}",
        page="questions",
    )


def _asker(question: Question) -> list[User]:
    return [question.asked_by] if question.asked_by is not None else []


def listed(recruitment: Recruitment, user: Any, *, staff: bool) -> Any:
    """The questions a person may read, as one statement: all for staff, else the public and the own."""
    query = select(Question).where(Question.recruitment_id == recruitment.id)
    if not staff:
        shown = Question.stage == "published"
        if isinstance(user, User) and user.is_authenticated:
            shown = or_(shown, Question.asked_by_id == user.id)
        query = query.where(shown)
    return query.order_by((Question.stage == "received").desc(), Question.id.desc())
