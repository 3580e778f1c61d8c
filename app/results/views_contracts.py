"""Routes of the contracts and of the expert fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, render_template
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.errors import NotFound, Refusal
from app.files import send_blob
from app.permissions import may
from app.publication.models import Recruitment
from app.results import actions, deadlines, queries
from app.results.common import holding
from app.results.contracts import contracts_of
from app.results.fees import as_lines, expert_fees, payers, shares_of, total_of
from app.results.forms import ContractForm, PaidForm, ScanForm, require_valid
from app.results.models import Contract, FeeShare
from app.results.views import back, bp, upload
from app.routing import current_actor, permit
from evaluation.fees import balance, resplit
from evaluation.models import Candidate


@bp.get("/contracts")
@permit("contract.list")
def contracts(recruitment: Recruitment) -> str:
    """Contracts with their days; overdue ones stand out."""
    rows = contracts_of(recruitment)
    return render_template(
        "results/contracts.html",
        recruitment=recruitment,
        rows=rows,
        today=clock.today(),
        days=deadlines.contract_days(recruitment),
        over_on=deadlines.service_over_on(recruitment),
        is_staff=may(current_user, "share.split", recruitment),
        holds=holding(recruitment),
        signed=sum(row.stage == "signed" for row in rows),
        due=[row for row in rows if row.stage == "due"],
    )


@bp.post("/contracts/<contract>/sign")
@permit("contract.record")
def sign_contract(recruitment: Recruitment, contract: Contract) -> WSGIResponse:
    """Record a contract as signed."""
    form = ContractForm()
    require_valid(form)
    actions.record_contract(
        actor=current_actor(recruitment),
        contract=contract,
        signed_on=form.signed_on.data,
        number=form.number.data or "",
        agreement_signed=form.agreement.data,
        note=form.note.data or "",
        version=form.version.data,
        **upload(),
    )
    flash("合同已登记。", "success")
    return back("results.contracts", recruitment)


@bp.post("/contracts/<contract>/scan")
@permit("contract.record")
def add_scan(recruitment: Recruitment, contract: Contract) -> WSGIResponse:
    """Add or replace the scan of a signed contract."""
    form = ScanForm()
    require_valid(form)
    found = upload()
    if not found:
        raise Refusal("result_no_file", field="file")
    actions.attach_scan(
        actor=current_actor(recruitment), contract=contract, agreement_signed=form.agreement.data, **found
    )
    flash("扫描件已保存。", "success")
    return back("results.contracts", recruitment)


@bp.get("/contracts/<contract>/scan")
@permit("contract.read")
def scan(recruitment: Recruitment, contract: Contract) -> Any:
    """The scan of a signed contract, for its parties and the supervisor."""
    if contract.scan_blob is None:
        raise NotFound("not_found")
    return send_blob(contract.scan_blob, name=contract.scan_name, media_type=contract.scan_type, inline=True)


@bp.get("/fees")
@permit("share.list")
def fees(recruitment: Recruitment) -> str:
    """How the experts' fees are split over the selected vendors."""
    shares = shares_of(recruitment)
    payers_now = payers(recruitment)
    return render_template(
        "results/fees.html",
        recruitment=recruitment,
        entered=len(expert_fees(recruitment)),
        total=total_of(recruitment),
        shares=shares,
        owed=sum((row.amount for row in shares), Decimal(0)),
        balances=balance(as_lines(shares)),
        payers=payers_now,
        pending=_pending(recruitment, shares, payers_now),
        manages=may(current_user, "share.split", recruitment),
        splittable=recruitment.stage in ("awarded", "integration", "promotion"),
        list_document=queries.documents_of(recruitment, "fees_list").get(("fees_list", recruitment.public_id)),
        today=clock.today(),
    )


def _pending(recruitment: Recruitment, shares: list[FeeShare], people: list[Candidate]) -> bool:
    """True where splitting now would add lines: fees or payers are not those of the last split."""
    if not people or not expert_fees(recruitment):
        return False
    keys = [candidate.public_id for candidate in people]
    return bool(resplit(as_lines(shares), total_of(recruitment), keys))


@bp.post("/fees/split")
@permit("share.split")
def split_fees(recruitment: Recruitment) -> WSGIResponse:
    """Split the fees, or split them anew."""
    made = actions.split_fees(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"已记入 {len(made)} 行。" if made else "分摊没有变化。", "success")
    return back("results.fees", recruitment)


@bp.post("/fees/shares/<fee_share>/paid")
@permit("share.paid")
def paid(recruitment: Recruitment, fee_share: FeeShare) -> WSGIResponse:
    """Record the day a share was paid, or paid back."""
    form = PaidForm()
    require_valid(form)
    actions.mark_paid(
        actor=current_actor(recruitment),
        share=fee_share,
        paid_on=form.paid_on.data,
        version=form.version.data,
    )
    flash("已登记。", "success")
    return back("results.fees", recruitment)
