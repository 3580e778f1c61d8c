"""Issuing award packages: one for everybody with the results, others for staff at the level of names they ask."""

from __future__ import annotations

from sqlalchemy import select

from app.audit import Actor
from app.award.build import Package, prepare, seal
from app.documents.common import project_of
from app.documents.issue import issue_file
from app.documents.models import Document
from app.errors import Refusal, WrongStage
from app.extensions import db
from app.panel.common import names_open
from app.publication.models import Recruitment
from app.results.rules import result_is_public
from app.wording import label

PUBLISHED = "award_package"
DEFAULT_NAMES = "pseudonymous"
ZIP = "application/zip"


def policy(recruitment: Recruitment) -> str:
    """The level of names of the published package, by the frozen plan; pseudonymous where it says nothing."""
    review = recruitment.review
    names = review.rules.get("award", {}).get("names") if review is not None else None
    return str(names or DEFAULT_NAMES)


def published(recruitment: Recruitment) -> Document | None:
    """The package in force that everybody can download."""
    return _in_force(recruitment, PUBLISHED)


def _in_force(recruitment: Recruitment, kind: str) -> Document | None:
    return db.session.scalar(
        select(Document).where(
            Document.recruitment_id == recruitment.id, Document.kind == kind, Document.superseded_at.is_(None)
        )
    )


def is_current(document: Document, package: Package) -> bool:
    """True while nothing changed since a package was issued."""
    return document.facts.get("state") == package.state


def export(*, actor: Actor, recruitment: Recruitment, level: str) -> Document:
    """The package at a level of names, for staff; nothing changed means the same bytes as before.

    Raises Refusal `award_not_ranked`, WrongStage `award_names_closed` for experts' names before the results.
    """
    if level == "real" and not names_open(recruitment):
        raise WrongStage("award_names_closed")
    return _issue(recruitment, f"{PUBLISHED}_{level}", level, "staff", actor)


def publish(recruitment: Recruitment, *, actor: Actor) -> Document:
    """Issue the package for everybody, with the names that the plan's policy tells.

    Raises WrongStage `award_not_public` before the results are published. An equal one stays as it is.
    """
    if not result_is_public(recruitment):
        raise WrongStage("award_not_public")
    return _issue(recruitment, PUBLISHED, policy(recruitment), "public", actor)


def _issue(recruitment: Recruitment, kind: str, level: str, audience: str, actor: Actor) -> Document:
    package = prepare(recruitment, level)
    before = _in_force(recruitment, kind)
    if before is not None and is_current(before, package):
        return before
    data = seal(package)
    title = label("document", kind)
    return issue_file(
        kind,
        recruitment=recruitment,
        data=data,
        media_type=ZIP,
        title=title,
        file_name=f"{project_of(recruitment)}-{title}.zip",
        subject=recruitment,
        audience=audience,
        actor=actor,
        facts={"plan": recruitment.plan_digest or "", "names": level, "state": package.state},
    )


def check_level(level: str) -> str:
    """A level of names as somebody asks for it; raises Refusal `award_names_level`."""
    from app.award.collect import LEVELS

    if level not in LEVELS:
        raise Refusal("award_names_level", field="names")
    return level
