"""Use cases of objections (质疑) on record: admitted or not, answered by the deadline, put right, withdrawn."""

from __future__ import annotations

from app import clock
from app.audit import Actor, record
from app.concurrency import check_version
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import TRANSITIONS
from app.results.common import needed, page, step, tell_organisation, tell_roles
from app.results.decisions import suspend
from app.results.filing import admissibility_of, reasons_in_words
from app.results.models import Objection
from app.templating import show_date
from app.wording import label, stage_word
from evaluation.objections import OBJECTION_TRANSITIONS


def _move(objection: Objection, to: str, *, actor: Actor, reason: str = "", **facts: object) -> None:
    step(
        objection,
        to,
        table=OBJECTION_TRANSITIONS,
        actor=actor,
        recruitment=objection.recruitment,
        reason=reason,
        refusal="objection_wrong_stage",
        kind="objection",
        number=objection.number,
        **facts,
    )


def _checked(objection: Objection, version: int | None) -> None:
    if version is not None:
        check_version(objection, version, current=stage_word("objection", objection.stage), submitted=None)


@action
def accept_objection(
    *,
    actor: Actor,
    objection: Objection,
    may_change_result: bool = True,
    reason: str = "",
    version: int | None = None,
) -> None:
    """Admit an objection. Saying that it can't change the result needs a reason: it then holds nothing.

    Raises Refusal `objection_inadmissible` for one that may only be refused.
    """
    _checked(objection, version)
    found = admissibility_of(objection)
    if objection.stage == "received" and not found.admissible:
        raise Refusal("objection_inadmissible", reasons=reasons_in_words(found))
    words = reason.strip() if may_change_result else needed(reason)
    _move(objection, "accepted", actor=actor, reason=words, may_change_result=may_change_result)
    objection.may_change_result, objection.reason = may_change_result, words
    _tell_author(objection, "已受理", f"答复期限为{show_date(objection.answer_due_on)}。")


@action
def judge_objection(
    *, actor: Actor, objection: Objection, may_change_result: bool, reason: str, version: int | None = None
) -> None:
    """Staff or supervisor judge anew whether an open objection may change the result, with a reason."""
    _checked(objection, version)
    if objection.stage not in ("received", "accepted"):
        raise WrongStage(
            "objection_wrong_stage",
            stage=stage_word("objection", objection.stage),
            step=label("objection_step", "judge"),
        )
    words = needed(reason)
    before = objection.may_change_result
    objection.may_change_result, objection.reason = may_change_result, words
    record(
        "objection.judged",
        actor=actor,
        recruitment=objection.recruitment,
        subject=objection,
        number=objection.number,
        before=before,
        after=may_change_result,
        reason=words,
    )


@action
def refuse_objection(*, actor: Actor, objection: Objection, reason: str, version: int | None = None) -> None:
    """Don't admit an objection; its author is told why in writing."""
    _checked(objection, version)
    _move(objection, "refused", actor=actor, reason=reason.strip())
    objection.reason = objection.answer = reason.strip()
    _close(objection, actor)


@action
def answer_objection(
    *, actor: Actor, objection: Objection, upheld: bool, text: str, version: int | None = None
) -> None:
    """Answer an admitted objection in writing.

    Upheld, and able to change the result, it sends the award back to the panel: after the award the
    recruitment is suspended at once, and only a re-review with the supervisor's consent leads on.
    """
    _checked(objection, version)
    recruitment = objection.recruitment
    words = needed(text, "text")
    late = clock.today() > objection.answer_due_on
    _move(objection, "upheld" if upheld else "rejected", actor=actor, reason=words, late=late)
    objection.answer = words
    _close(objection, actor)
    awarded = recruitment.stage != "publicity" and (recruitment.stage, "suspended") in TRANSITIONS
    if upheld and objection.may_change_result and awarded:
        suspend(
            actor=actor,
            recruitment=recruitment,
            reason=f"第 {objection.number} 号质疑成立，可能影响结果，须重新评审。",
            cause="objection_upheld",
        )


def _close(objection: Objection, actor: Actor) -> None:
    assert actor.user is not None
    objection.decided_at = objection.published_at = clock.now()
    objection.answered_by_id = actor.user.id
    db.session.flush()
    order_document("answer", objection, recruitment=objection.recruitment, actor=actor)
    _tell_author(objection, stage_word("objection", objection.stage), objection.answer)


def _tell_author(objection: Objection, word: str, body: str) -> None:
    recruitment = objection.recruitment
    tell_organisation(
        objection.organisation_id,
        recruitment,
        kind="objection.decided",
        subject=f"第 {objection.number} 号质疑：{word}",
        body=body,
        link=page(recruitment, f"objections/{objection.public_id}"),
    )


def can_be_remedied(objection: Objection) -> bool:
    """True for an upheld one that was decided before the report was signed: the ranking came after it."""
    review = objection.recruitment.review
    if objection.stage != "upheld" or objection.remedied_at is not None or objection.decided_at is None:
        return False
    return review is None or review.reported_at is None or objection.decided_at < review.reported_at


@action
def remedy_objection(*, actor: Actor, objection: Objection, reason: str, version: int | None = None) -> None:
    """The supervisor puts on record how an objection upheld before the ranking was put right.

    One that was upheld afterwards is put right by a re-review only. Raises WrongStage for it.
    """
    _checked(objection, version)
    words = needed(reason)
    if not can_be_remedied(objection):
        raise WrongStage("objection_needs_re_review")
    objection.remedied_at, objection.reason = clock.now(), words
    record(
        "objection.remedied",
        actor=actor,
        recruitment=objection.recruitment,
        subject=objection,
        number=objection.number,
        reason=words,
    )


@action
def withdraw_objection(*, actor: Actor, objection: Objection, version: int | None = None) -> None:
    """The author takes an undecided objection back; it holds nothing any more."""
    _checked(objection, version)
    _move(objection, "withdrawn", actor=actor)
    objection.decided_at = clock.now()
    tell_roles(
        objection.recruitment,
        "staff",
        "supervisor",
        kind="objection.withdrawn",
        subject=f"第 {objection.number} 号质疑已撤回",
        body=f"{objection.organisation.name}撤回了质疑。",
        link=page(objection.recruitment, f"objections/{objection.public_id}"),
    )
