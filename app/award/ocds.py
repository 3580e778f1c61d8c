"""The recruitment as OCDS 1.1 releases with the bids extension: planning, tender, bids, award, contract."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from app import clock, planning
from app.award.collect import AWARDED, Material, vendor_word
from app.extensions import db
from app.publication.models import Amendment
from app.results.candidates import ACTIVE, entries
from app.results.models import Contract
from evaluation.models import Candidate

VERSION = "1.1"
BIDS = "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json"
#: An unregistered prefix: an organiser that publishes to the OCDS network registers its own.
PREFIX = "ocds-000000"
LANGUAGE = "zh"
_CONTRACT = {"due": "pending", "signed": "active", "suspended": "active", "ended": "terminated"}


def _instant(value: datetime) -> str:
    return clock.local(value).isoformat(timespec="seconds")


def _day(value: date) -> str:
    return _instant(clock.at(value))


def release_package(found: Material, as_of: datetime) -> dict[str, Any]:
    """All releases of the recruitment, the first first; persons and vendors as the level names them."""
    recruitment = found.recruitment
    ocid = f"{PREFIX}-{recruitment.public_id}"
    releases = []
    for at, (tags, moment, content) in enumerate(_steps(found), 1):
        releases.append(
            {
                "ocid": ocid,
                "id": f"{recruitment.public_id}-{at}",
                "date": _instant(moment),
                "language": LANGUAGE,
                "tag": tags,
                "initiationType": "tender",
                "buyer": _organiser(found),
                **content,
            }
        )
    return {
        "uri": f"{current_app.config['SETTINGS'].public_base}/r/{recruitment.public_id}",
        "version": VERSION,
        "extensions": [BIDS],
        "publishedDate": _instant(as_of),
        "publisher": {"name": found.recruitment.organiser.name},
        "releases": releases,
    }


def _steps(found: Material) -> list[tuple[list[str], datetime, dict[str, Any]]]:
    recruitment, review = found.recruitment, found.review
    published = recruitment.published_at or recruitment.created_at
    steps: list[tuple[list[str], datetime, dict[str, Any]]] = [
        (["planning"], recruitment.created_at, {"parties": [_organiser_party(found)], "planning": _planning(found)}),
        (["tender"], published, {"parties": [_organiser_party(found)], "tender": _tender(found, "active")}),
    ]
    amendments = db.session.scalars(
        select(Amendment)
        .where(Amendment.recruitment_id == recruitment.id, Amendment.stage == "published")
        .order_by(Amendment.number)
    )
    for row in amendments:
        change = {
            "id": f"amendment-{row.number}",
            "date": _instant(row.published_at or published),
            "description": row.title,
        }
        tender = {**_tender(found, "active"), "amendments": [change]}
        steps.append((["tenderAmendment"], row.published_at or published, {"tender": tender}))
    settled = review.reported_at or review.created_at
    parties = [_organiser_party(found), *(_party(found, row) for row in found.candidates)]
    bids = {"parties": parties, "tender": _tender(found, "complete"), "bids": _bids(found)}
    steps.append((["tenderUpdate"], settled, bids))
    stage = recruitment.stage_before if recruitment.stage == "suspended" else recruitment.stage
    if stage in AWARDED and recruitment.awarded_at is not None:
        awards = _awards(found, recruitment.awarded_at)
        steps.append((["award"], recruitment.awarded_at, {"parties": parties, "awards": awards}))
        if contracts := _contracts(found):
            last = max((row["dateSigned"] for row in contracts if "dateSigned" in row), default=None)
            moment = datetime.fromisoformat(last) if last else recruitment.awarded_at
            content = {"parties": parties, "awards": awards, "contracts": contracts}
            steps.append((["contract"], moment, content))
    return steps


def _organiser(found: Material) -> dict[str, Any]:
    return {"id": "organiser", "name": found.recruitment.organiser.name}


def _organiser_party(found: Material) -> dict[str, Any]:
    organiser = found.recruitment.organiser
    party: dict[str, Any] = {**_organiser(found), "roles": ["buyer", "procuringEntity"]}
    if organiser.credit_code:
        party["identifier"] = _identifier(organiser.credit_code, organiser.name)
    return party


def _identifier(code: str, name: str) -> dict[str, Any]:
    return {"scheme": "CN-USCC", "id": code, "legalName": name}


def _reference(found: Material, candidate: Candidate) -> dict[str, Any]:
    return {"id": f"vendor-{candidate.number}", "name": vendor_word(candidate, found.level)}


def _party(found: Material, candidate: Candidate) -> dict[str, Any]:
    roles = ["tenderer", "supplier"] if candidate.stage in ACTIVE else ["tenderer"]
    party: dict[str, Any] = {**_reference(found, candidate), "roles": roles}
    if found.level != "none":
        party["identifier"] = _identifier(candidate.credit_code, candidate.name)
    return party


def _plan_document(found: Material) -> dict[str, Any]:
    return {
        "id": "plan",
        "documentType": "biddingDocuments",
        "title": found.recruitment.title,
        "description": f"SM3 {found.review.plan_digest}",
        "format": "text/plain",
        "language": LANGUAGE,
    }


def _planning(found: Material) -> dict[str, Any]:
    overview = planning.section(found.recruitment, "publication", "overview") or found.recruitment.title
    return {"rationale": str(overview).strip(), "documents": [{**_plan_document(found), "documentType": "projectPlan"}]}


def _tender(found: Material, status: str) -> dict[str, Any]:
    recruitment = found.recruitment
    publication = planning.section(recruitment, "publication") or {}
    tender: dict[str, Any] = {
        "id": f"tender-{recruitment.public_id}",
        "title": recruitment.title,
        "description": str(publication.get("goals") or publication.get("method_text") or recruitment.title).strip(),
        "status": status,
        "procuringEntity": _organiser(found),
        "procurementMethod": "open",
        "procurementMethodDetails": str(publication.get("method", "")),
        "mainProcurementCategory": "services",
        "awardCriteria": "ratedCriteria",
        "awardCriteriaDetails": str(planning.section(recruitment, "evaluation", "scoring", "title") or ""),
        "submissionMethod": ["electronicSubmission", "written"],
        "submissionMethodDetails": str(publication.get("submission", "")),
        "documents": [_plan_document(found)],
    }
    if recruitment.opens_at is not None and recruitment.closes_at is not None:
        tender["tenderPeriod"] = {
            "startDate": _instant(recruitment.opens_at), "endDate": _instant(recruitment.closes_at),
        }
    if status == "complete":
        tender["numberOfTenderers"] = len(found.candidates)
        tender["tenderers"] = [_reference(found, row) for row in found.candidates]
    return {key: value for key, value in tender.items() if value != ""}


def _bids(found: Material) -> dict[str, Any]:
    eliminated = sum(row.stage == "eliminated" for row in found.candidates)
    moment = found.recruitment.opened_at or found.review.created_at
    counted = (("bids", len(found.candidates)), ("validBids", len(found.candidates) - eliminated))
    return {
        "statistics": [
            {"id": measure, "measure": measure, "value": value, "date": _instant(moment)}
            for measure, value in (*counted, ("disqualifiedBidders", eliminated))
        ],
        "details": [
            {
                "id": f"bid-{row.number}",
                "status": "disqualified" if row.stage == "eliminated" else "valid",
                "tenderers": [_reference(found, row)],
            }
            for row in found.candidates
        ],
    }


def _awards(found: Material, moment: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": f"award-{row.candidate.number}",
            "title": found.recruitment.title,
            "status": "active" if row.candidate.stage in ACTIVE else "cancelled",
            "date": _instant(moment),
            "suppliers": [_reference(found, row.candidate)],
        }
        for row in entries(found.recruitment)
        if row.candidate.stage in (*ACTIVE, "withdrew", "removed")
    ]


def _contracts(found: Material) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Contract).where(Contract.recruitment_id == found.recruitment.id).order_by(Contract.candidate_id)
    )
    contracts = []
    for row in rows:
        number = found.numbers[row.candidate_id]
        contract: dict[str, Any] = {
            "id": f"contract-{number}", "awardID": f"award-{number}", "status": _CONTRACT[row.stage],
        }
        if row.signed_on is not None:
            contract["dateSigned"] = _day(row.signed_on)
        if row.service_start is not None and row.service_end is not None:
            contract["period"] = {"startDate": _day(row.service_start), "endDate": _day(row.service_end)}
        contracts.append(contract)
    return contracts
