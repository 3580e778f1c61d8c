"""Routes of the draw: for staff and supervisor, and its public record."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app import clock
from app.accounts.forms import refused
from app.errors import NotFound, Refusal
from app.panel import drawing, proofs, queries
from app.panel.common import days_before_review, draws_of, names_open, party_of, review_day, rules_of
from app.panel.forms import PrepareForm
from app.panel.views import bp, download
from app.permissions import role_in
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from evaluation.models import Draw
from evaluation.panel_entropy import canonical

Answer = Any


def _back(recruitment: Recruitment) -> Any:
    return redirect(url_for("panel.draws", recruitment=recruitment.public_id), 303)


def _page(
    recruitment: Recruitment, *, form: PrepareForm | None = None, status: int = 200, secret: str = ""
) -> Answer:
    review = recruitment.review
    if review is None:
        return render_template("panel/waiting.html", recruitment=recruitment, title="专家抽取"), status
    rows = draws_of(review)
    latest = rows[-1] if rows else None
    modes = queries.possible_modes(recruitment, review, rows)
    rules = rules_of(review)
    moment = latest.drawn_at if latest is not None and latest.drawn_at else clock.now()
    days = days_before_review(recruitment, moment)
    actor = current_actor(recruitment)
    return render_template(
        "panel/draw.html",
        recruitment=recruitment,
        review=review,
        rules=rules,
        draws=rows,
        draw=latest,
        view=queries.draw_view(latest, recruitment) if latest is not None else None,
        form=form or PrepareForm(formdata=None).choices(modes),
        modes=modes,
        pool=queries.pool_counts(),
        days=days,
        early=days is not None and rules.early_warning(days) is not None,
        review_day=review_day(recruitment),
        party=party_of(actor),
        secret=secret,
        named=names_open(recruitment),
        is_staff=role_in(current_user, recruitment) == "staff",
        due=latest is not None and drawing.value_due(latest),
    ), status


@bp.get("/r/<recruitment>/draw")
@permit("draw.read")
def draws(recruitment: Recruitment) -> Answer:
    """The draw as it stands, with what each party does next."""
    return _page(recruitment)


@bp.post("/r/<recruitment>/draw")
@permit("draw.prepare")
def prepare_draw(recruitment: Recruitment) -> Answer:
    """Begin a draw."""
    form = PrepareForm().choices(["first", "supplement", "anew"])
    if not form.validate_on_submit():
        return _page(recruitment, form=form, status=422)
    assert form.public_at.moment is not None
    try:
        draw = drawing.prepare_draw(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            public_value_name=form.public_name.data or "",
            public_value_digits=form.public_digits.data or 0,
            public_value_at=form.public_at.moment,
            mode=form.mode.data,
            cause=form.cause.data or "",
            reason=form.reason.data or "",
            auto_invite=bool(form.auto_invite.data),
        )
    except Refusal as error:
        if not error.field:
            raise
        return _page(recruitment, form=form, status=refused(form, error))
    flash(f"已检查专家库，发现 {len(draw.hits)} 项疑似回避情形，请核对。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/recheck")
@permit("draw.prepare")
def recheck_draw(recruitment: Recruitment, draw: Draw) -> Answer:
    """Look for conflicts again."""
    found = drawing.recheck_draw(actor=current_actor(recruitment), draw=draw)
    flash(f"已重新检查，发现 {found} 项疑似回避情形。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/dismiss")
@permit("draw.prepare")
def dismiss_hits(recruitment: Recruitment, draw: Draw) -> Answer:
    """Set false hits aside, with a reason."""
    chosen = [int(text) for text in request.form.getlist("hit") if text.isascii() and text.isdecimal()]
    count = drawing.dismiss_hits(
        actor=current_actor(recruitment), draw=draw, hits=chosen, reason=request.form.get("reason", "")
    )
    flash(f"已排除 {count} 项，理由随抽取证明公布。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/fix")
@permit("draw.prepare")
def fix_draw(recruitment: Recruitment, draw: Draw) -> Answer:
    """Fix everything that decides the draw."""
    drawing.fix_draw(actor=current_actor(recruitment), draw=draw)
    flash("名单与规则已固定并公开摘要。请双方作出承诺。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/commit")
@permit("draw.party")
def commit(recruitment: Recruitment, draw: Draw) -> Answer:
    """Commit for the own party; a secret that was made here is shown this once."""
    secret = drawing.commit(
        actor=current_actor(recruitment), draw=draw, commitment_hex=request.form.get("commitment", "")
    )
    if secret:
        return _page(recruitment, secret=secret)
    flash("承诺已记录。请妥善保存您的秘密值。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/reveal")
@permit("draw.party")
def reveal(recruitment: Recruitment, draw: Draw) -> Answer:
    """Reveal the own secret."""
    true = drawing.reveal(
        actor=current_actor(recruitment), draw=draw, secret=request.form.get("secret", "")
    )
    if true:
        flash("秘密值与承诺相符，已公开。", "success")
    else:
        flash("秘密值与承诺不符，已记录；在公开随机值可知之前可以更正，否则不计入抽取。", "error")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/value")
@permit("draw.party")
def enter_value(recruitment: Recruitment, draw: Draw) -> Answer:
    """Enter the public value."""
    drawing.enter_public_value(
        actor=current_actor(recruitment),
        draw=draw,
        value=request.form.get("value", ""),
        source=request.form.get("source", ""),
    )
    flash("公开随机值已记录，请另一方核对后再次录入并抽取。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/perform")
@permit("draw.party")
def perform_draw(recruitment: Recruitment, draw: Draw) -> Answer:
    """Confirm the public value and draw."""
    drawing.perform_draw(
        actor=current_actor(recruitment), draw=draw, value=request.form.get("value", "")
    )
    flash("抽取完成。抽取证明已公开，任何人都可以重新计算。", "success")
    return _back(recruitment)


@bp.post("/r/<recruitment>/draw/<draw>/abandon")
@permit("draw.party")
def abandon_draw(recruitment: Recruitment, draw: Draw) -> Answer:
    """Give up a draw whose result can't be known yet."""
    drawing.abandon_draw(
        actor=current_actor(recruitment), draw=draw, reason=request.form.get("reason", "")
    )
    flash("这次抽取已终止，记录保留。", "success")
    return _back(recruitment)


@bp.get("/r/<recruitment>/draw/public")
@permit("draw.public")
def public_draws(recruitment: Recruitment) -> Answer:
    """What everybody may know of the draws, and how to make them again."""
    rows = [] if recruitment.review is None else draws_of(recruitment.review)
    return render_template(
        "panel/public.html",
        recruitment=recruitment,
        draws=[queries.public_view(row, recruitment) for row in rows if row.fixed_digest],
        named=names_open(recruitment),
    )


def _json(data: dict[str, Any], name: str) -> Response:
    # Canonical bytes: the SM3 of the file is the digest that was published.
    return download(canonical(data), name, "application/json")


@bp.get("/r/<recruitment>/draw/<draw>/commitments.json")
@permit("draw.proof")
def commitments_file(recruitment: Recruitment, draw: Draw) -> Response:
    """Snapshot and commitments as they were published before the reveals."""
    if draw.committed_at is None:
        raise NotFound("not_found")
    return _json(proofs.announcement(draw), f"抽取承诺-第{draw.number}次.json")


@bp.get("/r/<recruitment>/draw/<draw>/proof.json")
@permit("draw.proof")
def proof_file(recruitment: Recruitment, draw: Draw) -> Response:
    """The proof, without names until the results are published."""
    if draw.stage != "drawn" or not draw.proof:
        raise NotFound("not_found")
    everybody = role_in(current_user, recruitment) in ("staff", "supervisor") if _known() else False
    data = draw.proof
    if request.args.get("names") == "1":
        data = proofs.named_proof(draw, recruitment, everybody=everybody)
    suffix = "（含姓名）" if "names" in data else ""
    return _json(data, f"抽取证明-第{draw.number}次{suffix}.json")


def _known() -> bool:
    return bool(current_user.is_authenticated)
