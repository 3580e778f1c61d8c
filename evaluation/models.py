"""The review's tables: what the panel sees, says and signs.

They stand alone: the application's tables point here, never the other way. `Base` comes from here
because this is the lowest package with storage.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from evaluation.columns import BigId, Identified, Money, Score, UTCDateTime, Versioned, new_public_id
from evaluation.models_base import Base as Base
from evaluation.models_base import stages as _stages
from evaluation.models_keys import SeatKey as SeatKey
from evaluation.models_keys import SeatKeyOpening as SeatKeyOpening
from evaluation.models_keys import Signed as Signed
from evaluation.models_lottery import Lottery as Lottery


class Expert(Identified, Versioned, Base):
    """A person of the expert pool (评审专家库). Only the panel module reads the name before the results."""

    __tablename__ = "expert"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    employer: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(80), default="")
    speciality: Mapped[str] = mapped_column(String(80), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    #: Organisations the expert declared a relation with: [{"credit_code"|"name": ..., "relation": ...}]
    relations: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Review(Identified, Versioned, Base):
    """One review of one recruitment, made at the opening under a fixed version of the plan."""

    __tablename__ = "review"
    __table_args__ = (CheckConstraint("seats >= 3", name="seats_at_least_three"),)

    plan_digest: Mapped[str] = mapped_column(String(64))
    #: Effective `evaluation` sections of the plan at the opening; the rules are read from here only.
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    seats: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: Organiser's recorded decision to go on with fewer than three qualified vendors.
    few_candidates_decision: Mapped[str | None] = mapped_column(Text)
    report_digest: Mapped[str | None] = mapped_column(String(64))
    report_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    reported_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: From it follow the salts of the texts in what is signed; never shown.
    secret: Mapped[str] = mapped_column(String(24), default=new_public_id)

    candidates: Mapped[list[Candidate]] = relationship(back_populates="review", order_by="Candidate.number")
    panel: Mapped[list[PanelSeat]] = relationship(back_populates="review", order_by="PanelSeat.position")


class Candidate(Identified, Versioned, Base):
    """A vendor under review. `number` is the order of arrival shown on forms; it never decides anything."""

    __tablename__ = "candidate"
    __table_args__ = (
        UniqueConstraint("review_id", "number"),
        # One vendor is one credit code: the same firm can't stand twice in one review.
        UniqueConstraint("review_id", "credit_code"),
        _stages(
            "under_review", "qualified", "eliminated", "selected", "reserve", "not_selected",
            "accepted", "withdrew", "removed",
        ),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18))
    ca_licence: Mapped[str] = mapped_column(String(80), default="")
    ca_name: Mapped[str] = mapped_column(String(200), default="")
    stage: Mapped[str] = mapped_column(String(20), default="under_review")
    #: [{"item": "1", "by": "panel"|"vote"|"ca_group", "grounds": [...], "remarks": [...]}]
    elimination: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    #: What the counter and the software found: copies, missing items; hints only.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: Opens the reference (`evaluation.references`). Given away with the name, never without it.
    salt: Mapped[str] = mapped_column(String(24), default=new_public_id)

    review: Mapped[Review] = relationship(back_populates="candidates")


class Draw(Identified, Versioned, Base):
    """One draw of the panel. A second draw is a new row with its reason; nothing is overwritten."""

    __tablename__ = "draw"
    __table_args__ = (
        UniqueConstraint("review_id", "number"),
        _stages("prepared", "fixed", "committed", "drawn", "abandoned"),
        CheckConstraint("mode IN ('first', 'supplement', 'anew')", name="mode_known"),
        # A draw that was made can be made again by anyone.
        CheckConstraint("stage <> 'drawn' OR proof_digest <> ''", name="drawn_has_proof"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    number: Mapped[int] = mapped_column(Integer, default=1)
    stage: Mapped[str] = mapped_column(String(20), default="prepared")
    #: "first"; "supplement" fills vacant seats when the reserves are used up; "anew" replaces the whole panel.
    mode: Mapped[str] = mapped_column(String(20), default="first")
    cause: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    #: Conflicts found before the draw: id, expert (public id), kind, candidate number, detail, dismissed.
    hits: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    #: What is fixed before entropy exists, as `evaluation.panel.snapshot` gives it; {} until then.
    fixed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    fixed_digest: Mapped[str] = mapped_column(String(64), default="")
    #: Reference in the snapshot → salt, expert (public id), code, name, employer. Confidential.
    openings: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    #: Party → commitment and when; party → secret and when.
    commitments: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    reveals: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    #: The public value: its name, how many digits it has, from when it can be known; later value and source.
    public_name: Mapped[str] = mapped_column(String(200), default="")
    public_digits: Mapped[int] = mapped_column(Integer, default=0)
    public_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    public_value: Mapped[str] = mapped_column(String(64), default="")
    public_source: Mapped[str] = mapped_column(String(500), default="")
    public_by: Mapped[str] = mapped_column(String(20), default="")
    #: Whether the next reserve is invited at once when somebody declines or is excluded.
    auto_invite: Mapped[bool] = mapped_column(Boolean, default=True)
    prepared_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    fixed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    committed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: The replayable proof as `evaluation.panel` writes it.
    proof: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    proof_digest: Mapped[str] = mapped_column(String(64), default="")
    drawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    abandoned_at: Mapped[datetime | None] = mapped_column(UTCDateTime())


class PanelSeat(Identified, Versioned, Base):
    """An expert in the order of the draw. `seat_no` is set while the expert holds one of the seats."""

    __tablename__ = "panel_seat"
    __table_args__ = (
        UniqueConstraint("draw_id", "position"),
        UniqueConstraint("draw_id", "expert_id"),
        # Two people never hold one seat; a vacated row gives its number back (NULL).
        UniqueConstraint("review_id", "seat_no"),
        _stages("drawn", "invited", "accepted", "active", "declined", "excluded", "replaced"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    seat_no: Mapped[int | None] = mapped_column(Integer)
    #: Seat pseudonym under which everything is signed while names are confidential.
    pseudonym: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(20), default="drawn")
    is_chair: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str] = mapped_column(Text, default="")
    #: Why an active expert was replaced, as a code.
    cause: Mapped[str] = mapped_column(String(40), default="")
    #: The expert whose seat this one took over in the middle of the review.
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("panel_seat.id"))
    invited_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    answer_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    declared_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    vacated_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: How many seats of the review are held, where the statement that read this row counted them.
    seats_held: Mapped[int | None] = query_expression()

    review: Mapped[Review] = relationship(back_populates="panel")
    expert: Mapped[Expert] = relationship()
    declarations: Mapped[list[Declaration]] = relationship(back_populates="seat")


class ChairVote(Base):
    """One seat's choice in the election of the chair (组长); the plan's panel elects it. A tie is a new round."""

    __tablename__ = "chair_vote"

    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    round: Mapped[int] = mapped_column(Integer, primary_key=True, default=1)
    choice_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    cast_at: Mapped[datetime] = mapped_column(UTCDateTime())


class Declaration(Base):
    """One expert's declaration on one vendor (回避声明)."""

    __tablename__ = "declaration"
    __table_args__ = (
        CheckConstraint(
            "relation IN ('none', 'employment', 'control', 'kinship', 'other')", name="relation_known"
        ),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), primary_key=True)
    relation: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, default="")
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime())

    seat: Mapped[PanelSeat] = relationship(back_populates="declarations")
    candidate: Mapped[Candidate] = relationship()


class QualificationSheet(Identified, Versioned, Signed, Base):
    """资格符合性审查表 of one expert for one vendor."""

    __tablename__ = "qualification_sheet"
    __table_args__ = (
        UniqueConstraint("seat_id", "candidate_id"),
        _stages("open", "signed", "reopened", "void"),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    stage: Mapped[str] = mapped_column(String(20), default="open")

    seat: Mapped[PanelSeat] = relationship()
    candidate: Mapped[Candidate] = relationship()
    answers: Mapped[list[QualificationAnswer]] = relationship(
        back_populates="sheet", order_by="QualificationAnswer.item", cascade="all, delete-orphan"
    )


class QualificationAnswer(Base):
    """√ or × for one item of the form; × names one of the plan's reasons of invalidity and a remark."""

    __tablename__ = "qualification_answer"
    __table_args__ = (
        # A signed sheet is checked by the rules; the row itself must at least not contradict itself.
        CheckConstraint("passed IS NULL OR passed = true OR ground <> ''", name="refusal_has_ground"),
    )

    sheet_id: Mapped[int] = mapped_column(ForeignKey("qualification_sheet.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(20), primary_key=True)
    passed: Mapped[bool | None] = mapped_column(Boolean)
    ground: Mapped[str] = mapped_column(String(20), default="")
    remark: Mapped[str] = mapped_column(Text, default="")

    sheet: Mapped[QualificationSheet] = relationship(back_populates="answers")


class Dispute(Identified, Versioned, Base):
    """An item on which the five answers differ; it goes to a named vote (记名表决)."""

    __tablename__ = "dispute"
    __table_args__ = (UniqueConstraint("candidate_id", "item"), _stages("open", "closed"))

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    item: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20), default="open")
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime())
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    yes: Mapped[int | None] = mapped_column(Integer)
    seats: Mapped[int | None] = mapped_column(Integer)
    passed: Mapped[bool | None] = mapped_column(Boolean)

    candidate: Mapped[Candidate] = relationship()
    ballots: Mapped[list[Ballot]] = relationship(back_populates="dispute", order_by="Ballot.seat_id")


class Ballot(Signed, Base):
    """One seat's named vote. A yes cites the file and page it rests on; a no gives the reason."""

    __tablename__ = "ballot"
    __table_args__ = (
        CheckConstraint("choice IN ('yes', 'no', 'abstain')", name="choice_known"),
        # What is not in the package can't be voted in.
        CheckConstraint("choice <> 'yes' OR cited_file <> ''", name="yes_cites_a_file"),
    )

    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    choice: Mapped[str] = mapped_column(String(10))
    cited_file: Mapped[str] = mapped_column(String(300), default="")
    cited_page: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(Text, default="")

    dispute: Mapped[Dispute] = relationship(back_populates="ballots")
    seat: Mapped[PanelSeat] = relationship()


class CAGroup(Identified, Versioned, Base):
    """Vendors that respond under one certification authority; at most one of them passes [plan]."""

    __tablename__ = "ca_group"
    __table_args__ = (
        UniqueConstraint("review_id", "ca_licence"),
        CheckConstraint("decided_by IS NULL OR decided_by IN ('ca_answer', 'ballot')", name="decided_by_known"),
        _stages("open", "closed"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    ca_licence: Mapped[str] = mapped_column(String(80))
    stage: Mapped[str] = mapped_column(String(20), default="open")
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    answer_text: Mapped[str] = mapped_column(Text, default="")
    answer_blob: Mapped[str | None] = mapped_column(String(64))
    answer_name: Mapped[str] = mapped_column(String(255), default="")
    decided_by: Mapped[str | None] = mapped_column(String(20))
    #: The one that passes; NULL with a closed group means none of them.
    chosen_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    chosen: Mapped[Candidate | None] = relationship()
    ballots: Mapped[list[CAGroupBallot]] = relationship(back_populates="group")


class CAGroupBallot(Signed, Base):
    """One seat's choice over a CA group: one of its vendors, or none (NULL)."""

    __tablename__ = "ca_group_ballot"

    group_id: Mapped[int] = mapped_column(ForeignKey("ca_group.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    choice_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    reason: Mapped[str] = mapped_column(Text, default="")

    group: Mapped[CAGroup] = relationship(back_populates="ballots")


class Clarification(Identified, Versioned, Base):
    """A written question of the panel to a vendor (澄清) and the written answer."""

    __tablename__ = "clarification"
    __table_args__ = (_stages("asked", "answered", "expired"),)

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    stage: Mapped[str] = mapped_column(String(20), default="asked")
    item: Mapped[str] = mapped_column(String(20), default="")
    question: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime())
    due_at: Mapped[datetime] = mapped_column(UTCDateTime())
    answer: Mapped[str] = mapped_column(Text, default="")
    answer_blob: Mapped[str | None] = mapped_column(String(64))
    answer_name: Mapped[str] = mapped_column(String(255), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    candidate: Mapped[Candidate] = relationship()


class ScoreSheet(Identified, Versioned, Signed, Base):
    """综合评分表 of one expert for one vendor."""

    __tablename__ = "score_sheet"
    __table_args__ = (
        UniqueConstraint("seat_id", "candidate_id"),
        _stages("open", "signed", "reopened", "void"),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    stage: Mapped[str] = mapped_column(String(20), default="open")
    #: A scan of the hand-signed form, bound to the digest of what was signed.
    scan_blob: Mapped[str | None] = mapped_column(String(64))
    scan_name: Mapped[str] = mapped_column(String(255), default="")
    scan_digest: Mapped[str | None] = mapped_column(String(64))

    seat: Mapped[PanelSeat] = relationship()
    candidate: Mapped[Candidate] = relationship()
    scores: Mapped[list[ItemScore]] = relationship(
        back_populates="sheet", order_by="ItemScore.item", cascade="all, delete-orphan"
    )


class ItemScore(Base):
    """Points for one scoring key: a sub-item where the plan has them, else the item."""

    __tablename__ = "item_score"
    __table_args__ = (CheckConstraint("value IS NULL OR value >= 0", name="value_not_negative"),)

    sheet_id: Mapped[int] = mapped_column(ForeignKey("score_sheet.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[Decimal | None] = mapped_column(Score)
    #: Proved elements or listed cases, e.g. {"elements": ["1.a"]} or {"cases": ["…"]}.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    remark: Mapped[str] = mapped_column(Text, default="")

    sheet: Mapped[ScoreSheet] = relationship(back_populates="scores")


class SheetVersion(Base):
    """Every signed version of every sheet and ballot stays readable, with the reason of the change."""

    __tablename__ = "sheet_version"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[int] = mapped_column(Integer)
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    seat_key_id: Mapped[int | None] = mapped_column(ForeignKey("seat_key.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    payload_digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime())

    seat_key: Mapped[SeatKey | None] = relationship(lazy="joined")


class Minute(Base):
    """A line of the review's minutes: settled differences, confirmations, decisions, with who and why."""

    __tablename__ = "minute"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    text: Mapped[str] = mapped_column(Text, default="")
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("panel_seat.id"))
    written_at: Mapped[datetime] = mapped_column(UTCDateTime())


class ReportSignature(Signed, Base):
    """A seat's signature under the review report, or its reasoned dissent."""

    __tablename__ = "report_signature"
    __table_args__ = (
        CheckConstraint("position IN ('signed', 'dissent', 'deemed')", name="position_known"),
        CheckConstraint("position <> 'dissent' OR reason <> ''", name="dissent_has_reason"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    position: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    report_digest: Mapped[str] = mapped_column(String(64))


class RankEntry(Base):
    """A row of the ranking as it was frozen with the report."""

    __tablename__ = "rank_entry"
    __table_args__ = (UniqueConstraint("review_id", "rank"),)

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer)
    #: Sum over the seats; the exact mean is total / seats.
    total: Mapped[Decimal] = mapped_column(Score)
    seats: Mapped[int] = mapped_column(Integer)
    score: Mapped[Decimal] = mapped_column(Money)
    objective_total: Mapped[Decimal] = mapped_column(Score)
    tie_steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    candidate: Mapped[Candidate] = relationship()


class ExpertFee(Versioned, Base):
    """What one expert is owed for one review day count; paid by the selected vendors through the organiser."""

    __tablename__ = "expert_fee"

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Money)
    note: Mapped[str] = mapped_column(Text, default="")
    attended_on: Mapped[date | None] = mapped_column(Date)
