"""The workbooks: score matrix and response register, with the words of this interface."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor
from app.documents import common, scores
from app.documents.issue import XLSX, issue_file
from app.documents.models import Document
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import PaperArrival, Response
from app.wording import stage_word
from evaluation import exports
from evaluation.models import RankEntry, Review

WORDS = exports.MatrixWords(
    summary="评分汇总",
    number="编号",
    vendor="服务商",
    total="合计",
    mean="平均分（精确）",
    shown="最终得分",
    order="分数次序",
    frozen="评审排名",
    points="满分",
    note="合计、平均分与次序均为公式，可自行重算；“评审排名”为评审报告中经同分规则判定的名次。",
)
REGISTER = (
    exports.Column("编号", 8),
    exports.Column("服务商", 36),
    exports.Column("统一社会信用代码", 24),
    exports.Column("状态", 12),
    exports.Column("提交时间", 20),
    exports.Column("清单 SM3", 40),
    exports.Column("数字证书认证机构", 24),
    exports.Column("许可证号", 20),
    exports.Column("联系人", 12),
    exports.Column("联系电话", 16),
    exports.Column("纸质签收时间", 20),
    exports.Column("纸质份数", 10),
    exports.Column("密封完好", 10),
)


def score_matrix_bytes(review: Review, names: str) -> bytes:
    """The score matrix of a review; call only once all sheets are signed."""
    seats = common.held_seats(review)
    rules = review.rules.get("scoring", {})
    keys = scores.scoring_keys(rules)
    sheets = scores.sheets_by_seat(review, seats)
    ranks: dict[int, int] = {
        row.candidate_id: row.rank
        for row in db.session.scalars(select(RankEntry).where(RankEntry.review_id == review.id))
    }
    vendors = []
    for candidate in scores.ranked_candidates(review):
        rows: list[list[Any]] = []
        for seat in seats:
            sheet = sheets.get((seat.id, candidate.id))
            given = {entry.item: entry.value for entry in sheet.scores} if sheet else {}
            rows.append([given.get(key["key"]) for key in keys])
        vendors.append(
            exports.ScoredVendor(candidate.number, candidate.name, rows, ranks.get(candidate.id))
        )
    return exports.score_matrix(
        [common.seat_name(seat, names) for seat in seats],
        [exports.ScoreKey(key["key"], key["name"], key["points"]) for key in keys],
        vendors,
        WORDS,
        int(rules.get("shown_places", 2)),
    )


def issue_score_matrix(review: Review, names: str | None = None, *, actor: Actor) -> Document:
    """Issue the matrix as XLSX; Refusal `document_not_ready` before all sheets are signed."""
    title = "评分矩阵"
    recruitment = common.recruitment_of_review(review)
    if not scores.all_signed(review):
        raise common.not_ready(title, "还有评委的评分表未签署。")
    chosen = common.names_in_force(recruitment, names)
    return _issue("score_matrix", recruitment, score_matrix_bytes(review, chosen), title, review, actor)


def issue_response_register(recruitment: Recruitment, *, actor: Actor) -> Document:
    """Issue the register of responses as XLSX; Refusal `document_not_ready` before the opening."""
    title = "响应文件登记表"
    if recruitment.opened_at is None:
        raise common.not_ready(title, "响应文件尚未启封。")
    responses = db.session.scalars(
        select(Response)
        .where(Response.recruitment_id == recruitment.id, Response.stage == "opened")
        .options(
            joinedload(Response.organisation), joinedload(Response.candidate), joinedload(Response.submission)
        )
    ).unique()
    paper = {
        row.organisation_id: row
        for row in db.session.scalars(
            select(PaperArrival).where(PaperArrival.recruitment_id == recruitment.id)
        )
    }
    rows: list[list[exports.Cell]] = []
    for row in sorted(responses, key=lambda entry: entry.candidate.number if entry.candidate else 0):
        arrival = paper.get(row.organisation_id)
        rows.append(
            [
                row.candidate.number if row.candidate else None,
                row.organisation.name,
                row.organisation.credit_code,
                stage_word("candidate", row.candidate.stage) if row.candidate else "已启封",
                clock.local(row.submitted_at).replace(tzinfo=None) if row.submitted_at else None,
                row.submission.manifest_sm3 if row.submission else "",
                row.ca_name,
                row.ca_licence,
                row.contact_name,
                row.contact_phone,
                clock.local(arrival.arrived_at).replace(tzinfo=None) if arrival else None,
                arrival.copies if arrival else 0,
                ("是" if arrival.sealed else "否") if arrival else "",
            ]
        )
    data = exports.response_register(title, REGISTER, rows)
    return _issue("response_register", recruitment, data, title, recruitment, actor)


def _issue(
    kind: str, recruitment: Recruitment, data: bytes, title: str, subject: Any, actor: Actor
) -> Document:
    return issue_file(
        kind,
        recruitment=recruitment,
        data=data,
        media_type=XLSX,
        title=title,
        file_name=f"{common.project_of(recruitment)}-{title}-{clock.today():%Y%m%d}.xlsx",
        subject=subject,
        audience="panel" if kind == "score_matrix" else "staff",
        actor=actor,
        facts={"plan": recruitment.plan_digest or ""},
    )
