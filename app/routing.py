"""Views get objects, not ids: every URL parameter is loaded, checked to belong to its parent, and permitted.

`@permit("action")` is on every route; a route without it fails a test and answers 500 at start.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from flask import abort, flash, g, redirect, request, url_for
from flask_login import current_user
from sqlalchemy import bindparam, select
from werkzeug.wrappers import Response as WSGIResponse

from app.accounts.models import Invitation, Membership, Message, Organisation, User
from app.audit import Actor
from app.documents.models import Document
from app.errors import Denied, NotFound, wants_json
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.permissions import RULES, find_recruitment, may, recruitment_of, relations, role_in, who_may
from app.publication.models import Amendment, ChannelProof, Question, Recruitment
from app.responses.models import PaperArrival, PaperDifference, Response, ResponseFile, Submission, Upload
from app.results.models import Complaint, Contract, FeeShare, Objection, SelectionNotice
from app.review.models import CollusionHint
from app.verification.models import Verification
from app.wording import label
from evaluation.models import (
    CAGroup,
    Candidate,
    Clarification,
    Dispute,
    Draw,
    Expert,
    Lottery,
    PanelSeat,
    QualificationSheet,
    ScoreSheet,
)
from onboarding.models import (
    CertificateRequest,
    DeadlineChange,
    DutyRecord,
    Evidence,
    Integration,
    Requirement,
    RequirementState,
)

F = TypeVar("F", bound=Callable[..., Any])

#: Where somebody who must choose a new password may go before having done so.
BEFORE_NEW_PASSWORD = frozenset({"accounts.password", "accounts.logout", "static", None})

#: URL parameter → table. A parameter of another name is passed through as text.
SUBJECTS: dict[str, Any] = {
    "recruitment": Recruitment,
    "user": User,
    "organisation": Organisation,
    "invitation": Invitation,
    "message": Message,
    "amendment": Amendment,
    "question": Question,
    "channel_proof": ChannelProof,
    "response": Response,
    "file": ResponseFile,
    "upload": Upload,
    "submission": Submission,
    "arrival": PaperArrival,
    "difference": PaperDifference,
    "document": Document,
    "job": OutboxItem,
    "expert": Expert,
    "draw": Draw,
    "seat": PanelSeat,
    "candidate": Candidate,
    "qualification_sheet": QualificationSheet,
    "dispute": Dispute,
    "ca_group": CAGroup,
    "clarification": Clarification,
    "collusion_hint": CollusionHint,
    "lottery": Lottery,
    "score_sheet": ScoreSheet,
    "objection": Objection,
    "complaint": Complaint,
    "selection_notice": SelectionNotice,
    "contract": Contract,
    "fee_share": FeeShare,
    "integration": Integration,
    "requirement": Requirement,
    "item_state": RequirementState,
    "evidence": Evidence,
    "deadline_change": DeadlineChange,
    "certificate_request": CertificateRequest,
    "duty_record": DutyRecord,
    "verification": Verification,
}


#: No public id is longer.
MAX_REF = 24


@functools.cache
def _by_public_id(model: Any) -> Any:
    """The statement is put together once; asking it then costs half."""
    return select(model).where(model.public_id == bindparam("ref"))


def load(model: Any, public_id: str) -> Any:
    """The row with this public id, or NotFound."""
    found = None
    if len(public_id) > MAX_REF:
        pass
    elif model is Recruitment:
        found = find_recruitment(public_id, current_user._get_current_object())
    else:
        found = db.session.scalar(_by_public_id(model), {"ref": public_id})
    if found is None:
        raise NotFound("not_found")
    return found


def permit(action: str, *, writes: bool = False) -> Callable[[F], F]:
    """Load the URL's objects, refuse what the permission table refuses, then call the view.

    The last object in the URL is the one the action is about. Objects of different recruitments in one
    URL are answered as not found. With `writes` all of it is one unit of work: what the permission rests on
    is read in the transaction that writes, so it is read once. A function that such a view returns is called
    for the answer after the commit: nobody's write waits while a page is put together.
    """

    def decorate(view: F) -> F:
        def guarded(params: dict[str, Any]) -> Any:
            subject: Any = None
            recruitment: Recruitment | None = None
            for name, value in params.items():
                if name not in SUBJECTS:
                    continue
                subject = params[name] = load(SUBJECTS[name], value)
                belongs = recruitment_of(subject)
                if recruitment is not None and belongs is not None and belongs.id != recruitment.id:
                    raise NotFound("not_found")
                recruitment = recruitment or belongs
            g.recruitment, g.action = recruitment, action
            if not may(current_user, action, subject):
                _hide_draft(recruitment, action)
                refuse(action)
            return view(**params)

        @functools.wraps(view)
        def wrapped(**params: Any) -> Any:
            if not writes:
                return _new_password_first() or guarded(params)
            with unit_of_work():
                answer = _new_password_first() or guarded(params)
            return answer() if isinstance(answer, FunctionType) else answer

        wrapped.permitted_action = action  # type: ignore[attr-defined]
        return wrapped  # type: ignore[return-value]

    return decorate


def _new_password_first() -> WSGIResponse | None:
    """Send whoever must choose a new password to that page, before anything else."""
    if request.endpoint in BEFORE_NEW_PASSWORD or not current_user.is_authenticated:
        return None
    if not current_user.must_change_password:
        return None
    if wants_json():
        abort(403)
    flash("请先设置新密码，然后再继续。", "warning")
    return redirect(url_for("accounts.password"), 303)


def _hide_draft(recruitment: Recruitment | None, action: str) -> None:
    """What is not published does not exist for those who may not read it; a colleague can still log in."""
    if recruitment is None or recruitment.is_published:
        return
    if current_user.is_authenticated or "anyone" in RULES[action]:
        g.recruitment = None
        raise NotFound("not_found")


def refuse(action: str) -> None:
    """Send an anonymous visitor to the login, tell others that (and who) may."""
    if not current_user.is_authenticated:
        if wants_json():
            abort(401)
        abort(redirect(url_for("accounts.login", next=request.full_path if request.method == "GET" else None)))
    names = "、".join(label("role", relation) for relation in who_may(action))
    raise Denied("denied", action=label("action", action), who=names)


def current_actor(recruitment: Recruitment | None = None) -> Actor:
    """Who is acting in this request, in the role held in the recruitment."""
    if not current_user.is_authenticated:
        return Actor(None, "anyone", request.remote_addr or "")
    user: User = current_user._get_current_object()
    role = role_in(user, recruitment) if recruitment is not None else None
    if role is None:
        held = relations(user, recruitment)
        role = next((name for name in ("admin", "organiser", "vendor") if name in held), "user")
    return Actor(user, role, request.remote_addr or "")


__all__ = ["SUBJECTS", "Membership", "current_actor", "load", "permit", "refuse"]
