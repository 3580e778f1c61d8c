"""Routes of the award package: the public explanation, and the check for staff and supervisor."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WSGIResponse

from app.award import actions
from app.award.collect import LEVELS
from app.award.explain import explanation, root_digest
from app.award.verify import Verdict, verify_review
from app.publication.models import Recruitment
from app.results.candidates import entries
from app.results.rules import result_is_public
from app.routing import current_actor, permit

bp = Blueprint("award", __name__, url_prefix="/r/<recruitment>")


@bp.get("/result/how")
@permit("award.explain")
def explain(recruitment: Recruitment) -> str:
    """How the ranking came about, and how anybody computes it again."""
    number = request.args.get("page", "1")
    page = int(number) if number.isdecimal() and len(number) < 6 else 1
    return render_template("award/explain.html", **explanation(recruitment, page))


def _page(recruitment: Recruitment, verdict: Verdict | None = None) -> str:
    return render_template(
        "award/check.html",
        recruitment=recruitment,
        verdict=verdict,
        package=actions.published(recruitment),
        policy=actions.policy(recruitment),
        public=result_is_public(recruitment),
        ranked=bool(recruitment.review_id and entries(recruitment)),
        levels=LEVELS,
        root=root_digest(),
    )


@bp.get("/review/check")
@permit("award.check")
def check(recruitment: Recruitment) -> str:
    """What can be checked and exported."""
    return _page(recruitment)


@bp.post("/review/check")
@permit("award.check")
def run_check(recruitment: Recruitment) -> str:
    """Check the review against its signatures and compute the result again."""
    return _page(recruitment, verify_review(recruitment))


@bp.post("/award-package/publish")
@permit("award.publish")
def publish(recruitment: Recruitment) -> WSGIResponse:
    """Issue the public package as things stand now."""
    before = actions.published(recruitment)
    made = actions.publish(recruitment, actor=current_actor(recruitment))
    same = before is not None and before.id == made.id
    flash("评审数据没有变化，已公布的数据包仍然有效。" if same else "评审数据包已公布。", "success")
    return redirect(url_for("award.check", recruitment=recruitment.public_id), 303)


@bp.post("/award-package/export")
@permit("award.export")
def export(recruitment: Recruitment) -> Any:
    """A package at the level of names asked for, for download."""
    level = actions.check_level(request.form.get("names", ""))
    made = actions.export(actor=current_actor(recruitment), recruitment=recruitment, level=level)
    return redirect(url_for("documents.show", document=made.public_id), 303)
