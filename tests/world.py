"""Two recruitments side by side with one of everything that a URL can name.

`build()` makes them; `held()` says, independently of the permission code, which relations a persona of the
first recruitment has to an object. Tests over the URL map compare the two.
"""

from __future__ import annotations

import functools
import io
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app import clock, plan, planning
from app.accounts.models import Invitation, Message, Organisation, User
from app.documents.models import Document
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.publication.models import Amendment, ChannelProof, Question, Recruitment
from app.responses.models import PaperArrival, PaperDifference, Response, ResponseFile, Submission, Upload
from app.results.models import Complaint, Contract, FeeShare, Objection, SelectionNotice
from app.review.models import CollusionHint
from app.storage import keep
from app.verification.models import Verification
from evaluation.models import (
    CAGroup,
    Candidate,
    Clarification,
    Dispute,
    Draw,
    Expert,
    Lottery,
    PanelSeat,
    QualificationSheet,
    Review,
    ScoreSheet,
    SeatKey,
)
from onboarding.models import (
    CertificateRequest,
    DeadlineChange,
    DutyRecord,
    Evidence,
    Integration,
    Programme,
    Requirement,
    RequirementState,
)
from seal_core import TrialCA
from tests import factories

#: Everybody of the first recruitment, and those who stand outside it.
PERSONAS = (
    "anonymous",
    "stranger",
    "admin",
    "staff",
    "supervisor",
    "operator",
    "expert",
    "expert2",
    "vendor",
    "rival",
)
#: Objects that belong to no recruitment.
LOOSE = frozenset({"user", "organisation", "invitation", "message", "expert", "verification"})
#: Who owns an object through their company or seat.
OWNERS = {
    "vendor": frozenset(
        {
            "organisation",
            "invitation",
            "response",
            "file",
            "upload",
            "submission",
            "arrival",
            "difference",
            "candidate",
            "clarification",
            "objection",
            "selection_notice",
            "contract",
            "fee_share",
            "dispute",
            "integration",
            "item_state",
            "evidence",
            "deadline_change",
            "certificate_request",
            "duty_record",
        }
    ),
    "expert": frozenset({"seat", "qualification_sheet", "score_sheet", "clarification"}),
}
#: A report of the verification portal about a file without signatures.
REPORT = {
    "file": "样例.pdf", "size": 20, "sm3": "0" * 64, "format": "pdf", "verdict": "UNSIGNED", "trial": False,
    "at": "2023-06-25T01:00:00+00:00", "signatures": [], "findings": [], "pictures": [],
}
#: Whose own object it is.
SELVES = {
    "stranger": frozenset({"user", "message"}),
    "vendor": frozenset({"upload"}),
    "staff": frozenset({"job"}),
}


@dataclass
class Side:
    """One recruitment: the public ids of its objects by URL parameter, and its people by persona."""

    ids: dict[str, str] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, row: Any) -> Any:
        """Remember an object under the name that URLs give it."""
        self.ids[name], self.models[name] = row.public_id, type(row)
        return row


@dataclass
class World:
    """The own recruitment of the personas, and a foreign one."""

    own: Side
    foreign: Side

    def held(self, persona: str, name: str | None, side: Side) -> set[str]:
        """The relations of a persona to the object `name` of a side (None: to nothing in particular)."""
        found = {"anyone"}
        if persona == "anonymous":
            return found
        found.add("user")
        if persona == "admin":
            found.add("admin")
        if persona == "staff":
            found.add("organiser")
        if persona in ("vendor", "rival"):
            found.add("vendor")
        if persona in ("expert", "expert2"):
            found.add("pool_expert")
        if name is None or side is not self.own:
            return found
        if name not in LOOSE:
            role = {"expert2": "expert"}.get(persona, persona)
            if role in ("staff", "supervisor", "operator", "expert"):
                found.add(role)
            if role == "expert":
                found.add("seat")
        if name in OWNERS.get(persona, ()):
            found.add("owner")
        if name in SELVES.get(persona, ()):
            found.add("self")
        return found


def build(stage: str = "integration") -> World:
    """Make both recruitments in a stage; returns ids only, so nothing hangs on a session."""
    return World(_side(stage), _side(stage))


def _side(stage: str) -> Side:
    side = Side()
    recruitment = factories.make_recruitment(stage, opened_at=clock.now(), arrivals_closed_at=clock.now())
    side.put("recruitment", recruitment)
    people = factories.staffed(recruitment)
    people["stranger"] = side.put("user", factories.make_user("样例旁人"))
    people["admin"] = factories.make_user("样例管理员", is_admin=True)
    organisation, people["vendor"] = factories.make_vendor()
    rival, people["rival"] = factories.make_vendor()
    side.put("organisation", organisation)
    experts = {name: factories.make_user(f"样例专家{name}") for name in ("expert", "expert2")}
    for user in experts.values():
        factories.enrol(user, recruitment, "expert")
    people |= experts
    with unit_of_work():
        blob = keep(io.BytesIO(b"%PDF-1.4\n%sample\n"))
        review, seats = _panel(side, recruitment, experts)
        _publication(side, recruitment, people)
        candidate = _candidate(side, review, organisation, 1, "CA-1")
        _candidate(Side(), review, rival, 2, "CA-1")
        response = _response(side, recruitment, organisation, candidate, people["vendor"], blob)
        _response(Side(), recruitment, rival, None, people["rival"], blob)
        _sheets(side, review, seats[0], candidate)
        _results(side, recruitment, organisation, candidate, people["staff"])
        _onboarding(side, recruitment, organisation, candidate, people)
        _accounts(side, recruitment, organisation, people, blob)
    side.people = {name: user.public_id for name, user in people.items()}
    assert response.recruitment_id == recruitment.id
    return side


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def _panel(side: Side, recruitment: Recruitment, experts: dict[str, User]) -> tuple[Review, list[PanelSeat]]:
    now = clock.now()
    rules = plan.as_json(planning.effective_plan(recruitment))
    review = _add(
        Review(
            plan_digest=recruitment.plan_digest or "",
            rules=rules.get("evaluation", {}),
            seats=5,
            created_at=now,
        )
    )
    recruitment.review_id = review.id
    draw = side.put("draw", _add(Draw(review_id=review.id, proof={}, proof_digest="b" * 64, drawn_at=now)))
    seats = []
    for position, user in enumerate(experts.values(), 1):
        expert = _add(Expert(code=f"E{user.id}", name=user.name))
        user.expert_id = expert.id
        seats.append(
            _add(
                PanelSeat(
                    review_id=review.id,
                    draw_id=draw.id,
                    expert_id=expert.id,
                    position=position,
                    seat_no=position,
                    pseudonym=f"{position}号席",
                    stage="active",
                    is_chair=position == 1,
                    declared_at=now,
                )
            )
        )
    side.put("seat", seats[0])
    _add(
        SeatKey(
            seat_id=seats[0].id,
            serial=f"{secrets.randbits(64):x}",
            certificate=_authority_certificate(),
            sealed={"kdf": "none", "n": 0},
            created_at=now,
        )
    )
    side.put("expert", _add(Expert(code=f"P{recruitment.id}", name="样例库内专家")))
    return review, seats


@functools.cache
def _authority_certificate() -> bytes:
    """Any certificate: who may read it is what is asked."""
    return TrialCA.create("样例", now=datetime(2020, 1, 1, tzinfo=UTC)).certificate.der


def _publication(side: Side, recruitment: Recruitment, people: dict[str, User]) -> None:
    now, key = clock.now(), recruitment.id
    staff = people["staff"].id
    side.put(
        "amendment",
        _add(
            Amendment(
                recruitment_id=key,
                number=1,
                stage="published",
                title="样例补充公告",
                text="样例",
                created_by_id=staff,
                created_at=now,
                published_at=now,
                digest="c" * 64,
            )
        ),
    )
    side.put("question", _add(Question(recruitment_id=key, text="样例提问", asked_at=now)))
    side.put(
        "channel_proof",
        _add(ChannelProof(recruitment_id=key, channel="样例渠道", recorded_by_id=staff, recorded_at=now)),
    )


def _candidate(
    side: Side, review: Review, organisation: Organisation, number: int, licence: str
) -> Candidate:
    row = _add(
        Candidate(
            review_id=review.id,
            number=number,
            name=organisation.name,
            credit_code=organisation.credit_code or "",
            ca_licence=licence,
            stage="selected",
        )
    )
    return side.put("candidate", row)


def _response(
    side: Side,
    recruitment: Recruitment,
    organisation: Organisation,
    candidate: Candidate | None,
    user: User,
    blob: Any,
) -> Response:
    now = clock.now()
    digest = recruitment.plan_digest or ""
    response = _add(
        Response(
            recruitment_id=recruitment.id,
            organisation_id=organisation.id,
            stage="opened",
            plan_digest=digest,
            submitted_at=now,
            opened_at=now,
            candidate_id=candidate.id if candidate is not None else None,
        )
    )
    side.put("response", response)
    file = ResponseFile(
        response_id=response.id,
        item="2",
        name="营业执照.pdf",
        media_type="application/pdf",
        size=blob.size,
        sm3=blob.sm3,
        blob_key=blob.key,
        pages=1,
        uploaded_by_id=user.id,
        uploaded_at=now,
    )
    side.put("file", _add(file))
    upload = Upload(
        response_id=response.id,
        owner_id=user.id,
        item="3",
        name="上传中.pdf",
        size=10,
        blob_key="0" * 48,
        started_at=now,
        touched_at=now,
    )
    side.put("upload", _add(upload))
    submission = Submission(
        response_id=response.id,
        number=1,
        kind="submit",
        plan_digest=digest,
        manifest={"items": []},
        manifest_sm3="d" * 64,
        received_at=now,
        by_id=user.id,
    )
    side.put("submission", _add(submission))
    response.submission_id = submission.id
    arrival = PaperArrival(
        recruitment_id=recruitment.id,
        organisation_id=organisation.id,
        number=organisation.id,
        vendor_name=organisation.name,
        arrived_at=now,
        copies=1,
        sealed=True,
        envelope_ok=True,
        registered_by_id=recruitment.created_by_id,
        registered_at=now,
    )
    side.put("arrival", _add(arrival))
    difference = PaperDifference(
        response_id=response.id,
        item="2",
        text="样例差异",
        first_by_id=recruitment.created_by_id,
        first_at=now,
    )
    side.put("difference", _add(difference))
    return response


def _sheets(side: Side, review: Review, seat: PanelSeat, candidate: Candidate) -> None:
    now = clock.now()
    pair = {"seat_id": seat.id, "candidate_id": candidate.id}
    side.put("qualification_sheet", _add(QualificationSheet(**pair)))
    side.put("score_sheet", _add(ScoreSheet(**pair)))
    side.put(
        "dispute", _add(Dispute(review_id=review.id, candidate_id=candidate.id, item="1", opened_at=now))
    )
    hint = CollusionHint(
        review_id=review.id,
        key="9" * 64,
        kind="same_phone",
        strength="strong",
        facts={"vendors": [1, 2], "value": "样例", "files": []},
        found_at=now,
    )
    side.put("collusion_hint", _add(hint))
    lottery = Lottery(review_id=review.id, stage="drawn", fixed={"groups": []}, proof={"orders": []})
    lottery.proof_digest, lottery.public_at, lottery.public_digits = "8" * 64, now, 5
    lottery.proof |= {"left_out": {}}
    side.put("lottery", _add(lottery))
    side.put("ca_group", _add(CAGroup(review_id=review.id, ca_licence="CA-1")))
    side.put(
        "clarification",
        _add(
            Clarification(
                review_id=review.id, question="样例问题", asked_at=now, due_at=now + timedelta(days=2), **pair
            )
        ),
    )


def _results(
    side: Side, recruitment: Recruitment, organisation: Organisation, candidate: Candidate, staff: User
) -> None:
    now, key = clock.now(), recruitment.id
    today = clock.today()
    side.put(
        "objection",
        _add(
            Objection(
                recruitment_id=key,
                organisation_id=organisation.id,
                number=1,
                subject="result",
                text="样例质疑",
                received_at=now,
                answer_due_on=today,
                calendar_version="sample",
            )
        ),
    )
    side.put(
        "complaint",
        _add(
            Complaint(
                recruitment_id=key,
                complainant="样例投诉人",
                authority="样例机关",
                text="样例投诉",
                received_on=today,
                recorded_by_id=staff.id,
                recorded_at=now,
            )
        ),
    )
    side.put(
        "selection_notice",
        _add(
            SelectionNotice(
                recruitment_id=key,
                candidate_id=candidate.id,
                kind="selected",
                number=f"样例-{key}-1",
                issued_on=today,
                issued_at=now,
                issued_by_id=staff.id,
            )
        ),
    )
    side.put("contract", _add(Contract(recruitment_id=key, candidate_id=candidate.id, due_on=today)))
    side.put(
        "fee_share",
        _add(FeeShare(recruitment_id=key, candidate_id=candidate.id, amount=1, total=1, issued_at=now)),
    )


def _onboarding(
    side: Side,
    recruitment: Recruitment,
    organisation: Organisation,
    candidate: Candidate,
    people: dict[str, User],
) -> None:
    now, today, author = clock.now(), clock.today(), people["vendor"].public_id
    rules = plan.as_json(planning.effective_plan(recruitment)).get("onboarding", {})
    programme = _add(Programme(plan_digest=recruitment.plan_digest or "", rules=rules, created_at=now))
    recruitment.programme_id = programme.id
    requirement = Requirement(
        programme_id=programme.id, key="std.1", sort=1, group="std", title="样例要求", text="样例"
    )
    side.put("requirement", _add(requirement))
    integration = Integration(
        programme_id=programme.id,
        candidate_ref=candidate.public_id,
        vendor_name=organisation.name,
        credit_code=organisation.credit_code or "",
        event_on=today,
        working_days=30,
        deadline_on=today + timedelta(days=42),
        calendar_version="sample",
    )
    side.put("integration", _add(integration))
    state = RequirementState(integration_id=integration.id, requirement_id=requirement.id)
    side.put("item_state", _add(state))
    evidence = Evidence(state_id=state.id, kind="text", text="样例证明", author=author, added_at=now)
    side.put("evidence", _add(evidence))
    change = DeadlineChange(
        integration_id=integration.id,
        kind="extension",
        days=5,
        reason="样例理由",
        asked_by=people["staff"].public_id,
        asked_at=now,
        old_deadline_on=integration.deadline_on,
    )
    side.put("deadline_change", _add(change))
    request = CertificateRequest(
        integration_id=integration.id,
        stage="refused",
        csr=b"sample",
        refusal="malformed",
        # Bytes under a name that elsewhere is a row: the way to the owner must not end in them.
        response=b"sample",
        requested_by=author,
        requested_at=now,
    )
    side.put("certificate_request", _add(request))
    duty = DutyRecord(
        integration_id=integration.id,
        duty="duty.cloud",
        text="样例记录",
        happened_on=today,
        recorded_by=author,
        recorded_at=now,
    )
    side.put("duty_record", _add(duty))


def _accounts(
    side: Side, recruitment: Recruitment, organisation: Organisation, people: dict[str, User], blob: Any
) -> None:
    now = clock.now()
    side.put(
        "invitation",
        _add(
            Invitation(
                token_digest=f"{recruitment.id:064d}",
                purpose="member",
                email="guest@example.invalid",
                organisation_id=organisation.id,
                created_at=now,
                expires_at=now + timedelta(days=7),
            )
        ),
    )
    side.put("verification", _add(Verification(name="样例.pdf", report=REPORT, made_at=now)))
    side.put(
        "message",
        _add(Message(user_id=people["stranger"].id, kind="sample", subject="样例消息", sent_at=now)),
    )
    side.put(
        "document",
        _add(
            Document(
                recruitment_id=recruitment.id,
                kind="notice",
                title="样例文件",
                file_name="样例文件.pdf",
                media_type="application/pdf",
                blob_key=blob.key,
                size=blob.size,
                sm3=blob.sm3,
                audience="staff",
                issued_at=now,
            )
        ),
    )
    side.put(
        "job",
        _add(
            OutboxItem(
                kind="sample",
                payload={},
                stage="failed",
                recruitment_id=recruitment.id,
                ordered_by_id=people["staff"].id,
                ordered_at=now,
            )
        ),
    )
