"""The repeated parts of a recruitment, done by the same actions as on the screens, but without them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.acceptance import actions as acceptance
from app.accounts.administration import add_member
from app.accounts.models import Organisation
from app.accounts.sessions import find_user
from app.audit import Actor
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.jobs.registry import run_item
from app.publication.models import Recruitment
from app.rehearsal import people, review
from app.rehearsal.cast import VOTED_IN, Cast, Pattern, Vendor, make_cast, patterns
from app.rehearsal.files import content_pdf
from app.rehearsal.panel import panel_of
from app.rehearsal.review import Panel
from app.rehearsal.walk import Hand, Walk
from app.responses import actions as responses
from app.responses.models import Response, ResponseFile
from app.responses.package import is_required, items_of
from evaluation.models import Candidate, ScoreSheet
from evaluation.ranking import RankingRules
from evaluation.scoring import ScoringRules
from onboarding.models import Integration

OFFICES = ("staff", "staff2", "supervisor", "operator")


class Rest(Panel):
    """The panel without the score sheets that somebody has begun already."""

    def sheets(self, model: Any, seat: Any) -> list[Any]:
        found = super().sheets(model, seat)
        return [row for row in found if not row.scores] if model is ScoreSheet else found


def make_people() -> Cast:
    """Three vendors, one of them disputed later, and a pool; returns the cast."""
    cast = make_cast(vendors=3, experts=9, seed=1, quota=10)
    first, second, third = cast.vendors
    return replace(cast, vendors=(first, replace(second, part=VOTED_IN), third))


@dataclass
class Backstage:
    """The application behind the screens."""

    app: Flask
    cast: Cast
    hand: Hand
    recruitment_id: int = 0

    def open_offices(self) -> None:
        """The accounts of the offices; only the first of the staff still has to choose a password."""
        with self.app.app_context():
            offices = people.make_offices(self.cast)
            with unit_of_work():
                for key, user in offices.items():
                    user.must_change_password = key == "staff"
            db.session.remove()

    @contextmanager
    def walk(self) -> Iterator[Walk]:
        """The recruitment as the rehearsal walks it, in a session of its own."""
        with self.app.app_context():
            found = Walk(self.cast, b"", self.hand, lambda _text: None)
            found.recruitment = db.session.get_one(Recruitment, self.recruitment_id)
            for key in OFFICES:
                user = find_user(key)
                assert user is not None
                found.offices[key] = user
            for vendor in self.cast.vendors:
                found.vendors[vendor.credit_code] = vendor
                body = db.session.scalar(select(Organisation).where(Organisation.credit_code == vendor.credit_code))
                user = find_user(f"vendor{vendor.number}")
                if body is not None and user is not None:
                    found.companies[vendor.credit_code] = (body, user)
            try:
                yield found
            finally:
                db.session.remove()

    def work(self, *kinds: str) -> None:
        """Do the ordered work of these kinds, receipts or documents: only those that somebody looks at."""
        with self.app.app_context():
            while found := [row for row in self._waiting() if {row.kind, row.payload.get("kind")} & set(kinds)]:
                references = [row.public_id for row in found]
                db.session.remove()
                assert all(run_item(reference) for reference in references)
            db.session.remove()

    def _waiting(self) -> list[OutboxItem]:
        return list(db.session.scalars(select(OutboxItem).where(OutboxItem.stage == "waiting")))

    def enrol(self) -> None:
        """The supervisor and the platform's operator get their roles."""
        with self.walk() as walk:
            admin = find_user("admin")
            for key in ("supervisor", "operator"):
                add_member(
                    actor=Actor(admin, "admin", people.ADDRESS), recruitment=walk.recruitment, login=key, role=key
                )

    def fill_package(self, vendor: Vendor) -> None:
        """What is still missing of a vendor's package."""
        with self.walk() as walk:
            body, _user = walk.companies[vendor.credit_code]
            response = db.session.scalars(select(Response).where(Response.organisation_id == body.id)).one()
            there = set(
                db.session.scalars(
                    select(ResponseFile.item).where(
                        ResponseFile.response_id == response.id, ResponseFile.removed_at.is_(None)
                    )
                )
            )
            for item in items_of(walk.recruitment):
                if is_required(item) and str(item["no"]) not in there:
                    responses.add_file(
                        actor=walk.vendor(vendor.credit_code), response=response, item=str(item["no"]),
                        name=f"{item['no']}-样例.pdf", source=io.BytesIO(content_pdf(vendor, item, pages=1)),
                    )

    def judge(self) -> None:
        """All qualification sheets that are still open, filled and signed."""
        with self.walk() as walk:
            review.fill_qualification(panel_of(walk), walk.vendors)

    def vote(self) -> None:
        """Everybody's vote but that of the first seat."""
        with self.walk() as walk:
            panel = panel_of(walk)
            review.vote(Panel(panel.recruitment, panel.experts[1:]), walk.vendors)

    def patterns(self, walk: Walk) -> tuple[ScoringRules, list[Pattern]]:
        """The scoring rules, and what each vendor's sheet is to say, in the vendors' order."""
        recruitment = walk.recruitment
        assert recruitment.review is not None
        found = recruitment.review.rules
        rules = ScoringRules.from_plan(found["scoring"])
        quota = RankingRules.from_plan(found["ranking"]).quota
        return rules, patterns(rules, count=len(self.cast.vendors), seats=recruitment.review.seats, quota=quota)

    def score(self) -> None:
        """All score sheets but those that the first seat has begun; all but the first seat sign."""
        with self.walk() as walk:
            panel = panel_of(walk)
            strengths = {vendor.credit_code: vendor.number for vendor in self.cast.vendors}
            order = [*panel.experts[1:], panel.experts[0]]
            _rules, chosen = self.patterns(walk)
            review.fill_scores(Rest(panel.recruitment, order), strengths, chosen, signing=len(order) - 1)

    def prove(self, number: int) -> None:
        """A vendor hands in the items that are still open; the operator accepts all of them."""
        with self.walk() as walk:
            vendor = self.cast.vendors[number - 1]
            integration = self.integration(vendor)
            actor = walk.vendor(vendor.credit_code)
            for state in integration.items:
                if state.stage not in ("open", "returned"):
                    continue
                if not state.evidence:
                    acceptance.add_evidence(actor=actor, state=state, text="已按要求完成（样例）。")
                acceptance.prove(actor=actor, state=state)

    def accept_items(self, number: int) -> None:
        """The platform's operator accepts every item that a vendor has handed in."""
        with self.walk() as walk:
            integration = self.integration(self.cast.vendors[number - 1])
            proved = [state for state in integration.items if state.stage == "proved"]
            acceptance.accept_items(
                actor=walk.office("operator"), integration=integration, states=proved, remark="已核验（样例）。"
            )

    def accept(self, number: int) -> None:
        """The platform's operator accepts the vendor as a whole."""
        with self.walk() as walk:
            integration = self.integration(self.cast.vendors[number - 1])
            acceptance.accept_integration(actor=walk.office("operator"), integration=integration)

    def integration(self, vendor: Vendor) -> Integration:
        """A vendor's integration, inside `walk`."""
        return db.session.scalars(select(Integration).where(Integration.credit_code == vendor.credit_code)).one()

    def candidate(self, vendor: Vendor) -> Candidate:
        """A vendor as the panel sees it, inside `walk`."""
        return db.session.scalars(select(Candidate).where(Candidate.credit_code == vendor.credit_code)).one()
