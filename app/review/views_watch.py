"""Routes of those who watch over the review: the meeting while it runs, the map of scores after it."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, render_template, request

from app import clock, planning
from app.errors import Refusal
from app.files import disposition
from app.publication.models import Recruitment
from app.review import watching
from app.review.common import review_of
from app.review.views import bp
from app.routing import permit
from evaluation import exports

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/meeting")
@permit("review.progress")
def meeting(recruitment: Recruitment) -> str:
    """The meeting: every expert's progress, votes, differences left, deadlines. No answers, no scores."""
    if recruitment.review is None:
        return render_template("review/desk_waiting.html", recruitment=recruitment)
    review = review_of(recruitment)
    return render_template(
        "review/meeting.html",
        recruitment=recruitment,
        review=review,
        meeting=watching.meeting(recruitment, review),
        schedule=planning.section(recruitment, "publication", "schedule") or {},
        running=recruitment.stage in ("qualification", "scoring"),
        moment=clock.now(),
    )


def _by_experts() -> bool:
    return request.args.get("by") == "experts"


@bp.get("/heat")
@permit("review.matrix")
def heat(recruitment: Recruitment) -> str:
    """The map of scores and their spread, once all have signed."""
    review = review_of(recruitment)
    found = watching.heat(review)
    return render_template(
        "review/heat.html",
        recruitment=recruitment,
        review=review,
        heat=found,
        by_experts=_by_experts(),
        strips=watching.strips(found) if found is not None else [],
        lean=watching.lean(found) if found is not None else [],
        left=watching.LEFT,
        width=watching.WIDTH,
        row=watching.ROW,
    )


@bp.get("/heat.csv")
@permit("review.matrix")
def heat_csv(recruitment: Recruitment) -> Response:
    """The map as it is shown, for a spreadsheet."""
    heads, rows = watching.cells(_signed(recruitment), by_experts=_by_experts())
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(heads)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return _download(target.getvalue().encode("utf-8-sig"), _file_name(recruitment, "csv"), "text/csv")


@bp.get("/heat.xlsx")
@permit("review.matrix")
def heat_xlsx(recruitment: Recruitment) -> Response:
    """The map with the spread per item and per expert, as a workbook."""
    found = _signed(recruitment)
    heads, rows = watching.cells(found, by_experts=_by_experts())
    seats = {seat.id: seat.pseudonym for seat in found.seats}
    names = {line["key"]: line["name"] for line in found.lines}
    number_of = {candidate.id: candidate.number for candidate in found.candidates}
    listed: list[list[Any]] = [
        *rows,
        [],
        ["", "各项离散", "平均", "最低", "最高", "平均极差", "最大极差", "最大极差的服务商编号"],
        *(
            [
                "",
                f"{row.key} {names[row.key]}",
                row.mean,
                row.lowest,
                row.highest,
                row.mean_range,
                row.widest,
                number_of.get(row.widest_vendor or 0),
            ]
            for row in found.items
        ),
        [],
        ["", "各席位宽严", "平均合计分", "平均偏差", "平均绝对偏差"],
        *(["", seats[row.seat], row.mean, row.deviation, row.distance] for row in found.experts),
    ]
    width = max(len(row) for row in [heads, *listed])
    columns = [exports.Column(heads[at] if at < len(heads) else "", 36 if at == 1 else 14) for at in range(width)]
    data = exports.response_register(
        "评分热图", columns, [[*row, *[None] * (width - len(row))] for row in listed]
    )
    return _download(data, _file_name(recruitment, "xlsx"), XLSX)


def _signed(recruitment: Recruitment) -> watching.Heat:
    found = watching.heat(review_of(recruitment))
    if found is None:
        raise Refusal("review_not_all_signed")
    return found


def _file_name(recruitment: Recruitment, form: str) -> str:
    return f"{recruitment.title}-评分热图-{clock.today():%Y%m%d}.{form}".replace("/", "_")


def _plain(cell: Any) -> str:
    """A spreadsheet program must not take a cell of text for a formula."""
    if isinstance(cell, int | Decimal | date | datetime):
        return str(cell)
    text = str(cell or "")
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _download(data: bytes, name: str, media_type: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(name, inline=False)
    return answer
