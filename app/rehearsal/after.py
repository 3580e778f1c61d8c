"""From the signed sheets to go-live: report, publicity, award, notices, integration, promotion."""

from __future__ import annotations

import base64
import io
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from app import clock
from app.acceptance import actions as acceptance
from app.acceptance import certificates, deadlines
from app.acceptance.selection import begin_missing
from app.audit import Actor
from app.calendar import calendar
from app.documents.catalogue import order_kind
from app.extensions import db
from app.panel.fees import record_fee
from app.planning import section
from app.rehearsal import review
from app.rehearsal.files import content_pdf
from app.rehearsal.review import Panel
from app.rehearsal.walk import Walk, day_after
from app.results.award import approve_award
from app.results.award import award as decide_award
from app.results.contracts import contracts_of, record_contract
from app.results.deadlines import objection_period_ends
from app.results.fees import split_fees
from app.results.notices import acknowledge_notice, issue_notices, selected_candidates
from app.results.publicity import start_publicity
from app.review.own_forms import sign_forms
from evaluation.models import Candidate, RankEntry
from onboarding.models import Integration
from seal_core import PrivateKey, build_csr, decrypt_data, sign_data
from seal_core.authority import CertificatePair

#: An expert's fee of the rehearsal, in yuan: a total that doesn't divide by the quota.
FEE = Decimal("1033.33")
#: The rank of the vendor that stalls (the last selected where fewer are), and the share of items it proves.
STALLING_RANK, STALLING_SHARE = 7, 3


def report(walk: Walk, sitting: Panel) -> None:
    """The ranking is frozen and the report signed on the last day of the review."""
    walk.hand.to(walk.schedule["review_end"], 15)
    review.sign_report(sitting, walk.office("staff"))
    walk.work()
    for seat, _actor in sitting.experts:
        record_fee(
            actor=walk.office("staff"), seat=seat, amount=FEE, attended_on=clock.today(), note="两天（样例）"
        )
    if walk.prints:
        _print(walk, "qualification_form", "score_sheet", "score_summary", "score_matrix")
        for seat, actor in sitting.experts:
            sign_forms(actor=actor, recruitment=walk.recruitment, seat=seat)
    walk.say("排名形成，评审报告由全体成员签署")


def _print(walk: Walk, *kinds: str) -> None:
    """Have documents printed that staff order when they want them."""
    for kind in kinds:
        order_kind(actor=walk.office("staff"), recruitment=walk.recruitment, kind=kind)
    walk.work()


def publicity(walk: Walk, sitting: Panel) -> None:
    """The result is published on the plan's first day of publicity."""
    walk.hand.to(walk.schedule["publicity_start"], 9)
    start_publicity(actor=walk.office("staff"), recruitment=walk.recruitment)
    walk.work()
    walk.say(f"结果公示，{len(sitting.review.candidates)} 家服务商可查看本单位得分")


def award(walk: Walk) -> None:
    """After the objection period staff and supervisor award; notices, contracts and fees follow."""
    staff, recruitment = walk.office("staff"), walk.recruitment
    over = clock.local(objection_period_ends(recruitment)).date()
    walk.hand.to(calendar().next_workday(over), 10)
    for key in ("staff", "supervisor"):
        approve_award(actor=walk.office(key), recruitment=recruitment)
    decide_award(actor=staff, recruitment=recruitment)
    issue_notices(actor=staff, recruitment=recruitment)
    split_fees(actor=staff, recruitment=recruitment)
    walk.work()
    for candidate, notice in selected_candidates(recruitment):
        acknowledge_notice(actor=walk.vendor(candidate.credit_code), notice=notice)
    if walk.prints:
        _print(walk, "fees_list")
    walk.say("双人确定入选，通知书已发出，评审费已分摊到分")


def integrate(walk: Walk, *, whole: bool) -> None:
    """The integration begins; vendors prove their items and are accepted, one stalls and is removed.

    `whole` False leaves everybody somewhere on the way, for a sample that is still running.
    """
    recruitment = walk.recruitment
    walk.hand.pass_time(minutes=30)
    if section(recruitment, "onboarding", "workdays", "start_event") != "notice_of_selection":
        _sign_contracts(walk)
    acceptance.start_integration(actor=walk.office("staff"), recruitment=recruitment)
    walk.work()
    running = _running(walk)
    begin = walk.hand.moment
    stalling = _stalling(walk) if whole else ""
    for index, integration in enumerate(running):
        if integration.candidate_ref == stalling:
            continue
        day = _workday(clock.local(begin + timedelta(days=8 + 2 * index % 24)).date())
        if not whole and (walk.hand.latest is None or clock.at(day) >= walk.hand.latest):
            _prove(walk, integration, limit=4 + 3 * index)
            continue
        walk.hand.to(day, 9 + index % 6)
        _prove(walk, integration)
        _accept(walk, integration)
    _sign_contracts(walk)
    walk.work()
    walk.say(f"{sum(row.stage == 'accepted' for row in running)} 家已通过对接验收")
    if whole:
        _substitute(walk, next(row for row in running if row.candidate_ref == stalling))


def _running(walk: Walk) -> list[Integration]:
    return list(
        db.session.scalars(
            select(Integration)
            .where(Integration.programme_id == walk.recruitment.programme_id, Integration.stage == "running")
            .order_by(Integration.id)
        )
    )


def _stalling(walk: Walk) -> str:
    return str(
        db.session.scalar(
            select(Candidate.public_id)
            .join(RankEntry, RankEntry.candidate_id == Candidate.id)
            .where(
                RankEntry.review_id == walk.recruitment.review_id,
                RankEntry.rank <= STALLING_RANK,
                Candidate.stage == "selected",
            )
            .order_by(RankEntry.rank.desc())
            .limit(1)
        )
    )


def _certify(actor: Actor, integration: Integration) -> None:
    """The vendor's own side of the trial issuance: key, request, signed challenge, opened envelope."""
    key = PrivateKey.generate()
    csr = build_csr(key, {"C": "CN", "O": integration.vendor_name, "CN": integration.vendor_name})
    request = certificates.request_certificate(actor=actor, integration=integration, csr=csr)
    pair = CertificatePair.from_csr_response(request.response or b"")
    message = sign_data(request.challenge or b"", key, pair.signing, detached=True)
    certificates.answer_challenge(actor=actor, request=request, signature=message)
    envelope = base64.b64decode(str(request.verification["opening"]["envelope"]))
    opened = decrypt_data(envelope, pair.open_key(key), pair.encryption)
    certificates.open_envelope(actor=actor, request=request, opened=opened.decode())


def _prove(walk: Walk, integration: Integration, *, limit: int | None = None) -> None:
    """The vendor gets its trial certificates and hands in its items; at most `limit` of them."""
    vendor = walk.vendors[integration.credit_code]
    actor = walk.vendor(integration.credit_code)
    _certify(actor, integration)
    states = sorted(integration.items, key=lambda row: row.requirement.sort)
    for state in states[:limit]:
        if state.stage not in ("open", "returned"):
            continue
        text = f"{state.requirement.title}：已按要求完成，详见所附材料（样例）。"
        if state.requirement.proof == "run" and not state.evidence:
            text = f"{state.requirement.title}：联调测试通过，测试记录见附件（样例）。"
        if not state.evidence:
            item = {"no": state.requirement.key, "title": state.requirement.title, "text": state.requirement.text}
            first = state is states[0]
            acceptance.add_evidence(
                actor=actor,
                state=state,
                text=text,
                source=io.BytesIO(content_pdf(vendor, item, pages=1)) if first else None,
                name=f"{state.requirement.key}-证明材料（样例）.pdf" if first else "",
            )
        acceptance.prove(actor=actor, state=state)


def _accept(walk: Walk, integration: Integration) -> None:
    """The platform's operator accepts every item, then the vendor as a whole."""
    walk.hand.pass_time(hours=2)
    operator = walk.office("operator")
    proved = [state for state in integration.items if state.stage == "proved"]
    acceptance.accept_items(actor=operator, integration=integration, states=proved, remark="已核验（样例）。")
    acceptance.accept_integration(actor=operator, integration=integration)


def _sign_contracts(walk: Walk) -> None:
    today = clock.today()
    for contract in contracts_of(walk.recruitment):
        if contract.stage == "due":
            record_contract(
                actor=walk.office("staff"),
                contract=contract,
                signed_on=min(today, contract.due_on),
                number=f"样例合同-{contract.candidate.number:03d}",
            )


def _substitute(walk: Walk, overdue: Integration) -> None:
    """The stalling vendor is overdue and removed; the next rank moves up with 30 working days of its own."""
    _prove(walk, overdue, limit=len(overdue.items) // STALLING_SHARE)
    walk.hand.to(day_after(overdue.deadline_on), 9)
    deadlines.mark_overdue(actor=walk.office("staff"), recruitment=walk.recruitment)
    walk.hand.to(_workday(day_after(overdue.deadline_on)), 10)
    moved = None
    for key in ("staff", "supervisor"):
        moved = deadlines.remove_overdue(
            actor=walk.office(key), integration=overdue, reason="对接期满仍有验收项未完成（样例）。"
        )
    if moved is None:
        # Its days are counted from the contract, which comes first.
        _sign_contracts(walk)
        moved = begin_missing(actor=walk.office("staff"), recruitment=walk.recruitment)[0]
    walk.work()
    walk.say(f"{overdue.vendor_name} 逾期取消入选，{moved.vendor_name} 递补，期限 {moved.deadline_on}")
    walk.hand.to(day_after(moved.event_on, 14), 10)
    _prove(walk, moved)
    _accept(walk, moved)
    _sign_contracts(walk)
    walk.work()


def _workday(day: date) -> date:
    return day if calendar().is_workday(day) else calendar().next_workday(day)


def go_live(walk: Walk) -> None:
    """Every active selected vendor is accepted: the free promotion begins on the next working day."""
    walk.hand.to(calendar().next_workday(clock.today()), 9)
    acceptance.start_promotion(actor=walk.office("staff"), recruitment=walk.recruitment)
    walk.work()
    walk.say("全部入选服务商已上线，免费推广开始")
