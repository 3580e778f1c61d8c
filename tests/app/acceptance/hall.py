"""An awarded recruitment with its vendors, reserves and people, and the steps that lead on from there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app import clock, plan, planning
from app.acceptance import actions
from app.accounts.models import Organisation, User
from app.audit import Actor
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.models import SelectionNotice
from evaluation.models import Candidate, RankEntry, Review
from onboarding.models import Integration, Requirement, RequirementState
from seal_core import Certificate, PrivateKey, build_csr
from tests import factories

#: The notices' day, a Monday: day 1 is the Tuesday, day 30 the 4th of September.
NOTICED = date(2023, 7, 24)
LAST = date(2023, 9, 4)


@dataclass
class Hall:
    """Who and what is there. Rows are asked for anew, so that nothing hangs on an old session."""

    recruitment: Recruitment
    people: dict[str, User]
    vendors: list[tuple[Organisation, User]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"/r/{self.recruitment.public_id}/integration"

    def actor(self, name: str) -> Actor:
        return factories.actor(self.people[name], "staff" if name == "staff2" else name)

    def vendor(self, number: int) -> Actor:
        return factories.actor(self.vendors[number - 1][1], "vendor")

    def candidate(self, number: int) -> Candidate:
        return db.session.scalars(
            select(Candidate).where(
                Candidate.review_id == self.recruitment.review_id, Candidate.number == number
            )
        ).one()

    def integration(self, number: int) -> Integration:
        return db.session.scalars(
            select(Integration).where(Integration.candidate_ref == self.candidate(number).public_id)
        ).one()

    def state(self, number: int, key: str) -> RequirementState:
        return db.session.scalars(
            select(RequirementState)
            .join(Requirement)
            .where(RequirementState.integration_id == self.integration(number).id, Requirement.key == key)
        ).one()

    def states(self, number: int) -> list[RequirementState]:
        return list(
            db.session.scalars(
                select(RequirementState)
                .join(Requirement)
                .where(RequirementState.integration_id == self.integration(number).id)
                .order_by(Requirement.sort)
            )
        )


def make_hall(*, selected: int = 2, reserves: int = 1, started: bool = True, keep: int | None = 4) -> Hall:
    """Selected vendors with notices, reserves behind them; `keep` items of the plan make it short."""
    recruitment = factories.make_recruitment("awarded", opened_at=clock.now())
    hall = Hall(recruitment, factories.staffed(recruitment))
    rules = plan.as_json(planning.effective_plan(recruitment))
    with unit_of_work() as session:
        review = Review(
            plan_digest=recruitment.plan_digest or "", rules=rules["evaluation"], seats=5, created_at=clock.now()
        )
        session.add(review)
        session.flush()
        recruitment.review_id = review.id
    for number in range(1, selected + reserves + 1):
        _vendor(hall, number, "selected" if number <= selected else "reserve")
    if started:
        start(hall, keep)
    return hall


def _vendor(hall: Hall, number: int, stage: str) -> None:
    organisation, user = factories.make_vendor()
    factories.enrol(user, hall.recruitment, "vendor", organisation)
    hall.vendors.append((organisation, user))
    with unit_of_work() as session:
        candidate = Candidate(
            review_id=hall.recruitment.review_id,
            number=number,
            name=organisation.name,
            credit_code=organisation.credit_code or "",
            stage=stage,
        )
        session.add(candidate)
        session.flush()
        score = Decimal(100 - number)
        session.add_all(
            [
                Response(
                    recruitment_id=hall.recruitment.id,
                    organisation_id=organisation.id,
                    stage="opened",
                    opened_at=clock.now(),
                    candidate_id=candidate.id,
                ),
                RankEntry(
                    review_id=hall.recruitment.review_id,
                    candidate_id=candidate.id,
                    rank=number,
                    total=score * 5,
                    seats=5,
                    score=score,
                    objective_total=Decimal(60),
                ),
            ]
        )
        if stage == "selected":
            notice(hall, candidate)


def notice(hall: Hall, candidate: Candidate, kind: str = "selected", on: date = NOTICED) -> None:
    """Issue a vendor's notice of selection, inside a unit of work."""
    db.session.add(
        SelectionNotice(
            recruitment_id=hall.recruitment.id,
            candidate_id=candidate.id,
            kind=kind,
            number=f"样例通〔2023〕{hall.recruitment.id}-{candidate.number}号",
            issued_on=on,
            issued_at=clock.now(),
            issued_by_id=hall.people["staff"].id,
        )
    )


def start(hall: Hall, keep: int | None = None) -> None:
    """Begin the integration; with `keep`, of a plan with so many items (two of them proved by a run)."""
    if keep is None:
        actions.start_integration(actor=hall.actor("staff"), recruitment=hall.recruitment)
        return
    whole = planning.section(hall.recruitment, "onboarding", "requirements", "items")
    runs = [item for item in whole if item.get("evidence") == "run"]
    others = [item for item in whole if item.get("evidence") != "run"]
    kept = {item["id"] for item in (*runs[:2], *others[: keep - 2])}
    effective = planning.effective_plan(hall.recruitment)
    effective["onboarding"]["requirements"]["items"] = [item for item in whole if item["id"] in kept]
    before = planning.effective_plan
    planning.effective_plan = lambda _recruitment: effective
    try:
        actions.start_integration(actor=hall.actor("staff"), recruitment=hall.recruitment)
    finally:
        planning.effective_plan = before


def prove_all(hall: Hall, number: int) -> None:
    """The vendor proves every item that is left."""
    for state in hall.states(number):
        if state.stage in ("open", "returned"):
            actions.add_evidence(actor=hall.vendor(number), state=state, text="样例证明")
            actions.prove(actor=hall.vendor(number), state=state)


def accept_all(hall: Hall, number: int) -> None:
    """Everything proved, everything accepted, and the vendor as a whole."""
    prove_all(hall, number)
    integration = hall.integration(number)
    waiting = [state for state in hall.states(number) if state.stage == "proved"]
    actions.accept_items(actor=hall.actor("operator"), integration=integration, states=waiting)
    actions.accept_integration(actor=hall.actor("operator"), integration=integration)


def issue(hall: Hall, number: int, key: PrivateKey | None = None) -> tuple[PrivateKey, Any]:
    """A certificate for the vendor: its key and the request."""
    key = key or PrivateKey.generate()
    csr = build_csr(key, {"C": "CN", "O": "样例", "CN": "样例"})
    request = actions.request_certificate(
        actor=hall.vendor(number), integration=hall.integration(number), csr=csr
    )
    return key, request


def signing(request: Any) -> Certificate:
    """The signing certificate of a request."""
    return Certificate.from_der(request.sign_certificate)
