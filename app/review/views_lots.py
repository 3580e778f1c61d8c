"""Routes of the witnessed lottery for the last tie."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, render_template, request
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.errors import NotFound
from app.extensions import db
from app.files import disposition
from app.panel.common import PARTIES
from app.permissions import role_in
from app.publication.models import Recruitment
from app.review import lots
from app.review.common import review_of
from app.review.forms import read_moment
from app.review.views import back, bp
from app.routing import current_actor, permit
from evaluation.lottery import replay_lots
from evaluation.models import Candidate, RankEntry, Review
from evaluation.models_lottery import Lottery
from evaluation.panel_entropy import canonical
from evaluation.review import ref_of


def _names(review: Review) -> dict[str, str]:
    """Reference → number and name, for those who may see them."""
    rows = db.session.scalars(select(Candidate).where(Candidate.review_id == review.id))
    return {ref_of(row): f"{row.number} 号 {row.name}" for row in rows}


def _page(recruitment: Recruitment, *, secret: str = "") -> str:
    review = review_of(recruitment)
    rows = lots.lotteries_of(review)
    current = rows[-1] if rows and rows[-1].stage != "abandoned" else None
    role = role_in(current_user, recruitment) or ""
    ranked = db.session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1))
    groups = lots.tied(review) if recruitment.stage == "scoring" and not ranked else []
    settled = bool(current and current.stage == "drawn" and current.fixed["groups"] == groups)
    return render_template(
        "review/lottery.html",
        recruitment=recruitment,
        rows=rows,
        current=current,
        groups=groups,
        names=_names(review),
        party=PARTIES.get(role, ""),
        due=current is not None and lots.value_due(current),
        replayed=replay_lots(current.proof) if current is not None and current.proof else None,
        may_fix=role == "staff" and bool(groups) and not settled and (current is None or current.stage == "drawn"),
        ranked=bool(ranked),
        secret=secret,
        moment=clock.now(),
    )


@bp.get("/lottery")
@permit("review.lottery")
def lottery(recruitment: Recruitment) -> str:
    """The ties there are, the lottery under way, the proof."""
    return _page(recruitment)


@bp.post("/lottery")
@permit("review.lottery")
def fix_lottery(recruitment: Recruitment) -> WSGIResponse:
    """Fix what is tied and name the public value."""
    lots.fix_lottery(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        public_name=request.form.get("public_name", "")[:200],
        public_digits=request.form.get("public_digits", 0, type=int),
        public_at=read_moment(request.form.get("public_at", "")),
        reason=request.form.get("reason", "")[:1000],
    )
    flash("并列名单和公开随机值已固定，请双方在公布之前作出承诺。", "success")
    return back("review.lottery", recruitment)


@bp.post("/lottery/<lottery>/commit")
@permit("review.lottery")
def commit_lottery(recruitment: Recruitment, lottery: Lottery) -> Any:
    """Commit for the own party; a secret made here is shown this once."""
    secret = lots.commit(
        actor=current_actor(recruitment),
        lottery=lottery,
        commitment_hex=request.form.get("commitment", "")[:80],
    )
    if secret:
        answer = make_response(_page(recruitment, secret=secret))
        answer.headers["Cache-Control"] = "no-store"
        return answer
    flash("承诺已记录。", "success")
    return back("review.lottery", recruitment)


@bp.post("/lottery/<lottery>/reveal")
@permit("review.lottery")
def reveal_lottery(recruitment: Recruitment, lottery: Lottery) -> WSGIResponse:
    """Reveal the own secret."""
    true = lots.reveal(
        actor=current_actor(recruitment), lottery=lottery, secret=request.form.get("secret", "")[:3000]
    )
    if true:
        flash("秘密值已公开，与承诺相符。", "success")
    else:
        flash("秘密值与承诺不符，已记录；公开随机值公布之前可以更正。", "warning")
    return back("review.lottery", recruitment)


@bp.post("/lottery/<lottery>/value")
@permit("review.lottery")
def lottery_value(recruitment: Recruitment, lottery: Lottery) -> WSGIResponse:
    """Enter the public value, or confirm it and draw."""
    drawn = lots.enter_value(
        actor=current_actor(recruitment),
        lottery=lottery,
        value=request.form.get("value", "")[:120],
        source=request.form.get("source", "")[:500],
    )
    flash("双方录入一致，已抽签。" if drawn else "已录入，请另一方核对后再次录入。", "success")
    return back("review.lottery", recruitment)


@bp.post("/lottery/<lottery>/abandon")
@permit("review.lottery")
def abandon_lottery(recruitment: Recruitment, lottery: Lottery) -> WSGIResponse:
    """Give it up, with the reason."""
    lots.abandon(
        actor=current_actor(recruitment), lottery=lottery, reason=request.form.get("reason", "")[:1000]
    )
    flash("这次抽签已终止，记录保留。", "success")
    return back("review.lottery", recruitment)


@bp.get("/lottery/<lottery>/proof.json")
@permit("review.lottery_proof")
def lottery_proof(recruitment: Recruitment, lottery: Lottery) -> Response:
    """The replayable proof; vendors stand in it by their references, without names."""
    if not lottery.proof:
        raise NotFound("not_found")
    answer = Response(canonical(lottery.proof), mimetype="application/json")
    name = f"并列抽签证明-第{lottery.number}次.json"
    answer.headers["Content-Disposition"] = disposition(name, inline=False)
    return answer
