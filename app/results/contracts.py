"""Use cases of the contracts: due 30 days after the notice, signed with their scan, held, ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor, record
from app.concurrency import check_version
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.permissions import recruitment_of
from app.publication.models import Recruitment
from app.results import deadlines
from app.results.candidates import ACTIVE
from app.results.common import Attachment, attachment, page, require_free, step, tell
from app.results.models import Contract, SelectionNotice
from app.templating import show_date
from app.wording import stage_word
from evaluation.models import Candidate, RankEntry
from evaluation.workflow import Transition

_BOTH = ("staff", "supervisor")
_ANY = ("staff", "supervisor", "vendor", "system")
CONTRACT_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("due", "signed"): Transition("staff", None, "contract.signed"),
    ("due", "suspended"): Transition(_BOTH, None, "contract.suspended"),
    ("signed", "suspended"): Transition(_BOTH, None, "contract.suspended"),
    ("suspended", "due"): Transition(_BOTH, None, "contract.resumed"),
    ("suspended", "signed"): Transition(_BOTH, None, "contract.resumed"),
    ("due", "ended"): Transition(_ANY, None, "contract.ended"),
    ("signed", "ended"): Transition(_ANY, None, "contract.ended"),
    ("suspended", "ended"): Transition(_BOTH, None, "contract.ended"),
}


def contracts_of(recruitment: Recruitment) -> list[Contract]:
    """All contracts with their vendors, the first in rank first; one statement."""
    return list(
        db.session.scalars(
            select(Contract)
            .join(Candidate, Candidate.id == Contract.candidate_id)
            .outerjoin(RankEntry, RankEntry.candidate_id == Contract.candidate_id)
            .where(Contract.recruitment_id == recruitment.id)
            .options(joinedload(Contract.candidate))
            .order_by(RankEntry.rank.is_(None), RankEntry.rank, Contract.id)
        )
    )


def contract_of(candidate: Candidate) -> Contract | None:
    """The contract with a vendor."""
    return db.session.scalar(select(Contract).where(Contract.candidate_id == candidate.id))


def move_contract(
    contract: Contract, to: str, *, actor: Actor, recruitment: Recruitment, **facts: object
) -> None:
    """Move a contract and leave its event, or raise WrongStage. Call inside a unit of work."""
    step(
        contract,
        to,
        table=CONTRACT_TRANSITIONS,
        actor=actor,
        recruitment=recruitment,
        refusal="contract_wrong_stage",
        kind="contract",
        **facts,
    )


def suspend_contracts(recruitment: Recruitment, *, actor: Actor) -> int:
    """Suspend every contract that is due or signed; returns how many. Inside a unit of work."""
    rows = [row for row in contracts_of(recruitment) if row.stage in ("due", "signed")]
    for row in rows:
        move_contract(row, "suspended", actor=actor, recruitment=recruitment)
        row.suspended_on = clock.today()
    return len(rows)


def resume_contracts(recruitment: Recruitment, *, actor: Actor) -> None:
    """Let suspended contracts go on; the days of the suspension are added to the days they are due."""
    for row in contracts_of(recruitment):
        if row.stage != "suspended":
            continue
        lost = max(0, (clock.today() - row.suspended_on).days) if row.suspended_on is not None else 0
        if row.signed_on is None:
            row.due_on += timedelta(days=lost)
        row.suspended_on = None
        to = "due" if row.signed_on is None else "signed"
        move_contract(row, to, actor=actor, recruitment=recruitment, days=lost, due_on=row.due_on)


def end_contract(contract: Contract | None, *, actor: Actor, recruitment: Recruitment) -> None:
    """End a vendor's contract, where there is one that has not ended. Inside a unit of work."""
    if contract is not None and contract.stage != "ended":
        move_contract(contract, "ended", actor=actor, recruitment=recruitment)
        contract.suspended_on = None


def make_due(candidate: Candidate, *, actor: Actor, recruitment: Recruitment, issued_on: date) -> Contract:
    """The contract that a notice makes due. One that a re-review suspended goes on, where its vendor is
    selected again. Inside a unit of work."""
    due_on = deadlines.contract_due(recruitment, issued_on)
    row = contract_of(candidate)
    if row is None:
        row = Contract(recruitment_id=recruitment.id, candidate_id=candidate.id, due_on=due_on)
        db.session.add(row)
        db.session.flush()
        record("contract.due", actor=actor, recruitment=recruitment, subject=row, due_on=due_on)
        return row
    if row.stage == "suspended":
        to = "due" if row.signed_on is None else "signed"
        move_contract(row, to, actor=actor, recruitment=recruitment, due_on=due_on)
    row.suspended_on = None
    if row.signed_on is None:
        row.due_on = due_on
    return row


def record_contract(
    *,
    actor: Actor,
    contract: Contract,
    signed_on: date,
    number: str = "",
    agreement_signed: bool = True,
    source: IO[bytes] | None = None,
    file_name: str = "",
    note: str = "",
    version: int | None = None,
) -> None:
    """Record a contract as signed, with the vendor agreement and the scan; the service begins as the plan says.

    Raises WrongStage while it is held, suspended, ended or signed already, Refusal `contract_day` for a day
    before the notice or ahead. Side effects: service period, event, a message to the vendor.
    """
    _record(
        actor=actor,
        contract=contract,
        signed_on=signed_on,
        number=number,
        agreement_signed=agreement_signed,
        scan=attachment(source, file_name),
        note=note,
        version=version,
    )


@action
def _record(
    *,
    actor: Actor,
    contract: Contract,
    signed_on: date,
    number: str,
    agreement_signed: bool,
    scan: Attachment | None,
    note: str,
    version: int | None,
) -> None:
    recruitment = recruitment_of(contract)
    assert recruitment is not None
    if version is not None:
        check_version(contract, version, current=in_words(contract), submitted=show_date(signed_on))
    if recruitment.stage == "terminated" or contract.candidate.stage not in ACTIVE:
        raise WrongStage(
            "contract_wrong_stage",
            stage=stage_word("candidate", contract.candidate.stage),
            step=stage_word("contract", "signed"),
        )
    require_free(recruitment, "contract")
    issued_on = db.session.scalar(
        select(SelectionNotice.issued_on)
        .where(
            SelectionNotice.candidate_id == contract.candidate_id,
            SelectionNotice.kind.in_(("selected", "moved_up")),
            SelectionNotice.revoked_at.is_(None),
        )
        .order_by(SelectionNotice.id.desc())
        .limit(1)
    )
    if issued_on is None:
        raise WrongStage("contract_no_notice")
    if not issued_on <= signed_on <= clock.today():
        raise Refusal("contract_day", field="signed_on", issued=show_date(issued_on))
    rules = deadlines.golive_rules(recruitment)
    span = rules.service(signed_on) if rules.service_from == "contract" else None
    contract.signed_on, contract.number, contract.note = signed_on, number.strip()[:60], note.strip()[:4000]
    contract.agreement_signed = agreement_signed
    contract.service_start = span.start if span is not None else None
    contract.service_end = span.end if span is not None else None
    contract.recorded_by_id = actor.user.id if actor.user is not None else None
    move_contract(
        contract,
        "signed",
        actor=actor,
        recruitment=recruitment,
        signed_on=signed_on,
        late=signed_on > contract.due_on,
        agreement=agreement_signed,
        service_end=span.end if span is not None else None,
    )
    if scan is not None:
        _bind(contract, scan)
    tell(
        [contract.candidate],
        recruitment,
        kind="contract.signed",
        subject="合同已登记",
        body=f"合同签订日期为{show_date(signed_on)}。"
        + (f"服务期至{show_date(span.end)}。" if span is not None else "服务期自免费推广期满起计算。"),
        link=page(recruitment, "result/mine"),
    )


def _bind(contract: Contract, scan: Attachment) -> None:
    contract.scan_blob, contract.scan_name, contract.scan_type = scan.keep().key, scan.name, scan.media_type


def attach_scan(
    *, actor: Actor, contract: Contract, source: IO[bytes], file_name: str, agreement_signed: bool = False
) -> None:
    """Add or replace the scan of a signed contract, and say that the vendor agreement is signed too."""
    scan = attachment(source, file_name)
    assert scan is not None
    _attach(actor=actor, contract=contract, scan=scan, agreement_signed=agreement_signed)


@action
def _attach(*, actor: Actor, contract: Contract, scan: Attachment, agreement_signed: bool) -> None:
    if contract.stage not in ("signed", "suspended") or contract.signed_on is None:
        raise WrongStage("contract_not_signed")
    before = contract.scan_blob
    _bind(contract, scan)
    contract.agreement_signed = contract.agreement_signed or agreement_signed
    record(
        "contract.scan_bound",
        actor=actor,
        recruitment=recruitment_of(contract),
        subject=contract,
        replaced=before is not None,
        agreement=contract.agreement_signed,
    )


def in_words(contract: Contract) -> str:
    """How a contract stands, for the two values of a conflict."""
    signed = f"，签订于{show_date(contract.signed_on)}" if contract.signed_on is not None else ""
    return stage_word("contract", contract.stage) + signed
