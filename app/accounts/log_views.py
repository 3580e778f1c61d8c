"""Routes of the event log: of one recruitment for staff and supervisor, of the system for the administrator."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, request
from sqlalchemy import func, select

from app import clock
from app.accounts.log_queries import Filters, Line, Reader, events, kinds, scope_of
from app.accounts.views import bp
from app.audit import Event, broken_at
from app.extensions import db
from app.files import disposition
from app.publication.models import Recruitment
from app.routing import permit
from app.templating import paginate, show_time
from evaluation import exports

Answer = Any
HEADINGS = ("序号", "时间（北京时间）", "人员", "角色", "事项", "对象", "内容", "事项代码", "摘要（SM3）")
#: An export reads the log in pieces, so that a long one needs no more memory than a short one.
PIECE = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _page(recruitment: Recruitment | None) -> Answer:
    asked = Filters.read(request.args)
    page = paginate(events(recruitment, asked), size=100)
    checked = request.args.get("check") == "1"
    total = db.session.scalar(select(func.count()).where(Event.scope == scope_of(recruitment)))
    return render_template(
        "accounts/log.html",
        recruitment=recruitment,
        asked=asked,
        page=page,
        lines=Reader(recruitment, page.items).lines(),
        kinds=kinds(recruitment),
        total=total,
        checked=checked,
        broken=broken_at(scope_of(recruitment)) if checked else None,
    )


@bp.get("/r/<recruitment>/log")
@permit("log.read")
def log(recruitment: Recruitment) -> Answer:
    """Everything that was done in one recruitment."""
    return _page(recruitment)


@bp.get("/admin/log")
@permit("log.system")
def system_log() -> Answer:
    """What was done outside recruitments: accounts, bodies, settings."""
    return _page(None)


def _all_lines(recruitment: Recruitment | None) -> Iterator[Line]:
    query = events(recruitment, Filters.read(request.args)).order_by(None).order_by(Event.seq)
    after = 0
    while rows := list(db.session.scalars(query.where(Event.seq > after).limit(PIECE))):
        yield from Reader(recruitment, rows).lines()
        after = rows[-1].seq


def _cells(line: Line) -> list[str]:
    return [
        str(line.seq),
        show_time(line.at, seconds=True),
        line.who,
        line.role,
        line.what,
        line.subject,
        line.facts,
        line.kind,
        line.digest,
    ]


def _plain(cell: str) -> str:
    """A spreadsheet program must not take a cell for a formula."""
    return "'" + cell if cell[:1] in "=+-@\t\r" and cell else cell


def _download(data: bytes, name: str, media_type: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(name, inline=False)
    return answer


def _export(recruitment: Recruitment | None, form: str) -> Response:
    title = recruitment.title if recruitment is not None else "系统"
    name = f"{title}-操作日志-{clock.today():%Y%m%d}.{form}".replace("/", "_")
    if form == "csv":
        target = io.StringIO()
        writer = csv.writer(target)
        writer.writerow(HEADINGS)
        writer.writerows([_plain(cell) for cell in _cells(line)] for line in _all_lines(recruitment))
        return _download(target.getvalue().encode("utf-8-sig"), name, "text/csv")
    widths = (8, 22, 14, 20, 26, 30, 60, 26, 40)
    columns = [exports.Column(heading, width) for heading, width in zip(HEADINGS, widths, strict=True)]
    rows = [_cells(line) for line in _all_lines(recruitment)]
    return _download(exports.response_register(f"{title} 操作日志", columns, rows), name, XLSX)


@bp.get("/r/<recruitment>/log.csv")
@permit("log.read")
def log_csv(recruitment: Recruitment) -> Answer:
    """The log as asked for, for a spreadsheet."""
    return _export(recruitment, "csv")


@bp.get("/r/<recruitment>/log.xlsx")
@permit("log.read")
def log_xlsx(recruitment: Recruitment) -> Answer:
    """The log as asked for, as a workbook."""
    return _export(recruitment, "xlsx")


@bp.get("/admin/log.csv")
@permit("log.system")
def system_log_csv() -> Answer:
    """The system's log as asked for."""
    return _export(None, "csv")


@bp.get("/admin/log.xlsx")
@permit("log.system")
def system_log_xlsx() -> Answer:
    """The system's log as a workbook."""
    return _export(None, "xlsx")
