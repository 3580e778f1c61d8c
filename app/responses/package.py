"""A vendor's package as it stands: its files, what the plan asks for, what is missing, what looks odd.

Everything here is a hint for the vendor. What a missing or odd paper means is decided by the panel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from app import clock
from app.accounts.models import OrganisationMember, User
from app.audit import canonical, sm3_hex
from app.extensions import db
from app.planning import section
from app.publication.models import Amendment, Recruitment
from app.responses.content import DOCX
from app.responses.models import Response, ResponseFile, Submission
from app.responses.uploads import open_uploads
from app.wording.responses import CHECKS


def items_of(recruitment: Recruitment) -> list[dict[str, Any]]:
    """The content items of the plan in force."""
    return section(recruitment, "responses", "items") or []


def takes_files(entry: dict[str, Any]) -> bool:
    """False for a formal check, which has no papers of its own."""
    return not entry.get("formal")


def is_required(entry: dict[str, Any]) -> bool:
    """True for an item that every package must hold."""
    return bool(entry.get("required", True)) and takes_files(entry) and not entry.get("if_any")


def asks_ca(recruitment: Recruitment) -> bool:
    """True where the plan ties a vendor to one certification authority, which is then entered and checked."""
    return bool(section(recruitment, "evaluation", "qualification", "one_per_ca"))


def prevailing(recruitment: Recruitment) -> str:
    """Which of paper and electronic the plan lets prevail: "paper", "electronic", or "" where it is silent."""
    return str(section(recruitment, "responses", "copies", "prevails") or "")


def present_files(response: Response) -> list[ResponseFile]:
    """The files of the package as it stands."""
    return list(
        db.session.scalars(
            select(ResponseFile)
            .where(ResponseFile.response_id == response.id, ResponseFile.removed_at.is_(None))
            .options(joinedload(ResponseFile.uploaded_by), joinedload(ResponseFile.seal_check))
            .order_by(ResponseFile.id)
        )
    )


def manifest(response: Response) -> dict[str, Any]:
    """What a submission lists: plan, vendor, entered details, and name, size and SM3 of each file by item."""
    order = {str(entry["no"]): place for place, entry in enumerate(items_of(response.recruitment))}
    files = sorted(present_files(response), key=lambda file: (order.get(file.item, len(order)), file.id))
    return {
        "response": response.public_id,
        "plan": response.recruitment.plan_digest or "",
        "credit_code": response.organisation.credit_code or "",
        "ca": {"name": response.ca_name, "licence": response.ca_licence, "is_ca": response.is_ca},
        "contact": {"name": response.contact_name, "phone": response.contact_phone},
        "details": response.details or {},
        "files": [
            {
                "id": file.public_id,
                "item": file.item,
                "name": file.name,
                "size": str(file.size),
                "sm3": file.sm3,
            }
            for file in files
        ],
    }


def digest_of(listed: dict[str, Any]) -> str:
    """SM3 (hex) of a manifest's canonical form."""
    return sm3_hex(canonical(listed))


def missing_items(response: Response, listed: dict[str, Any] | None = None) -> list[str]:
    """Numbers of the required content items without a file, in the package or in a manifest."""
    if listed is None:
        held = {file.item for file in present_files(response)}
    else:
        held = {str(file["item"]) for file in listed["files"]}
    return [
        str(entry["no"])
        for entry in items_of(response.recruitment)
        if is_required(entry) and str(entry["no"]) not in held
    ]


def needs_confirmation(response: Response) -> bool:
    """True where an amendment that touches responses came after the submission that counts."""
    last = response.submission
    if response.stage != "submitted" or last is None or last.plan_digest == response.recruitment.plan_digest:
        return False
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Amendment.recruitment_id == response.recruitment_id,
                    Amendment.stage == "published",
                    Amendment.touches_responses.is_(True),
                    Amendment.published_at > last.received_at,
                )
            )
        )
    )


def is_changed(response: Response, digest: str) -> bool:
    """True where the package differs from the submission that counts, as the plan then stood."""
    last = response.submission
    if response.stage != "submitted" or last is None:
        return False
    if last.manifest_sm3 == digest:
        return False
    return digest_of({**manifest(response), "plan": last.plan_digest}) != last.manifest_sm3


@dataclass
class Line:
    """One content item on the checklist."""

    no: str
    entry: dict[str, Any]
    files: list[ResponseFile]
    #: Qualification requirements that this item proves: (number, title).
    evidences: list[tuple[str, str]]
    details: dict[str, str]

    @property
    def state(self) -> str:
        """`formal`, `present`, `missing`, or `optional` (nothing needed, nothing there)."""
        if not takes_files(self.entry):
            return "formal"
        if self.files:
            return "present"
        return "missing" if is_required(self.entry) else "optional"


def checklist(response: Response, files: list[ResponseFile]) -> list[Line]:
    """The plan's content items with the package's files and the qualifications they prove."""
    needs = section(response.recruitment, "evaluation", "qualification", "requirements") or []
    titles = {str(entry["id"]): str(entry.get("title") or entry["id"]) for entry in needs}
    details = response.details or {}
    return [
        Line(
            no=str(entry["no"]),
            entry=entry,
            files=[file for file in files if file.item == str(entry["no"])],
            evidences=[(ref, titles.get(ref, ref)) for ref in map(str, entry.get("evidences", []))],
            details=details.get(str(entry["no"]), {}),
        )
        for entry in items_of(response.recruitment)
    ]


@dataclass(frozen=True)
class Finding:
    """One thing that the check noticed: `missing` or `odd`, with its sentence and the item it is about."""

    severity: str
    item: str
    text: str


@dataclass
class Check:
    """The result of a check: never a decision."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, severity: str, code: str, item: str = "", **facts: Any) -> None:
        self.findings.append(Finding(severity, item, CHECKS[code].format(item=item, **facts)))

    def of(self, severity: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == severity]


def check(response: Response, lines: list[Line], agent: User | None) -> Check:
    """What is missing or odd in the package now."""
    found = Check()
    for line in lines:
        if line.state == "missing":
            found.add("missing", "item", line.no, title=line.entry.get("title", ""))
    found.findings += date_findings(response.recruitment, lines)
    entered = {
        "contact": response.contact_name and response.contact_phone,
        "agent": agent,
        "legal": response.organisation.legal_representative,
    }
    if asks_ca(response.recruitment):
        entered |= {"ca_name": response.ca_name, "ca_licence": response.ca_licence}
        _check_ca(found, response)
    for name, value in entered.items():
        if not value:
            found.add("missing", name)
    _check_files(found, lines)
    for upload in open_uploads(response):
        found.add("odd", "unfinished", upload.item, name=upload.name)
    return found


def _check_ca(found: Check, response: Response) -> None:
    own = response.ca_name.strip() == response.organisation.name.strip()
    if response.is_ca and response.ca_name and not own:
        found.add("odd", "ca_not_self")
    if own and not response.is_ca:
        found.add("odd", "ca_is_self")


def date_findings(recruitment: Recruitment, lines: list[Line]) -> list[Finding]:
    """Entered dates that do not fit: expired at the closing, in the future, or before the plan's period."""
    found = Check()
    closing = clock.local(recruitment.closes_at).date() if recruitment.closes_at else clock.today()
    for line in lines:
        since, until, expires = (_day(line.details.get(name, "")) for name in ("since", "until", "expires"))
        if expires is not None and expires < closing:
            found.add("odd", "expired", line.no, day=_shown(expires))
        if until is not None and until > clock.today():
            found.add("odd", "in_future", line.no)
        asked = line.entry.get("papers_since")
        if isinstance(asked, date) and since is not None and since < asked:
            found.add("odd", "before_period", line.no, day=_shown(since), asked=_shown(asked))
    return found.findings


def _shown(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _check_files(found: Check, lines: list[Line]) -> None:
    known: dict[tuple[str, str], str] = {}
    for line in lines:
        for file in line.files:
            if earlier := known.get((line.no, file.sm3)):
                found.add("odd", "twice", line.no, name=file.name, other=earlier)
            known[line.no, file.sm3] = file.name
            if file.media_type in ("application/zip", DOCX):
                found.add("odd", "packed" if file.media_type == "application/zip" else "docx", line.no, name=file.name)
            if file.seal_check is not None and file.seal_check.verdict == "INVALID":
                found.add("odd", "seal_invalid", line.no, name=file.name)
            width, height = file.findings.get("width", 0), file.findings.get("height", 0)
            if file.media_type.startswith("image/") and max(width, height) < 1000:
                found.add("odd", "small", line.no, name=file.name, width=width, height=height)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def agent_of(organisation_id: int) -> User | None:
    """The vendor's authorised agent now."""
    return db.session.scalar(
        select(User)
        .join(OrganisationMember, OrganisationMember.user_id == User.id)
        .where(
            OrganisationMember.organisation_id == organisation_id,
            OrganisationMember.left_at.is_(None),
            OrganisationMember.is_agent.is_(True),
        )
    )


def submissions(response: Response) -> list[Submission]:
    """Everything that was submitted, confirmed and withdrawn, newest first."""
    return list(
        db.session.scalars(
            select(Submission)
            .where(Submission.response_id == response.id)
            .options(joinedload(Submission.by))
            .order_by(Submission.number.desc())
        )
    )
