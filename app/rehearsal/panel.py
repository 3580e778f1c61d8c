"""From the pool to a panel with a chair: import, draw by commitment and reveal, invitations, declarations."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import time

from openpyxl import load_workbook
from sqlalchemy import select

from app import clock
from app.accounts.models import User
from app.audit import Actor
from app.extensions import db
from app.panel import actions as seats
from app.panel import drawing, workbook
from app.panel.chair import vote_chair
from app.panel.pool import import_experts
from app.rehearsal import people
from app.rehearsal.cast import Cast
from app.rehearsal.review import Panel
from app.rehearsal.walk import Walk, day_after
from app.review import keys
from evaluation.models import Candidate, Expert, PanelSeat, Review
from evaluation.review import held_seats

#: The public value of a rehearsal: invented, like everything in it.
PUBLIC_NAME, PUBLIC_VALUE = "样例数字型彩票当晚开奖号码（演练虚构）", "0408172639"
EMPLOYERS = ("样例大学", "样例密码研究院", "样例信息中心", "样例标准化所", "样例审计事务所")


def _code(index: int) -> str:
    return f"样例{index:03d}"


def fill_pool(cast: Cast, admin: User) -> None:
    """The pool is imported from the filled-in template, as the administrator would; once."""
    if db.session.scalar(select(Expert.id).where(Expert.code == _code(1))) is not None:
        return
    book = load_workbook(io.BytesIO(workbook.template()))
    sheet = book.worksheets[0]
    headings = {str(cell.value).rstrip("*＊ "): cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for cell in sheet[row]:
            cell.value = None
    for index, name in enumerate(cast.experts, 1):
        values = {
            "编号": _code(index),
            "姓名": name,
            "工作单位": EMPLOYERS[index % len(EMPLOYERS)],
            "职称": "高级工程师",
            "专业": "密码" if index % 2 else "信息化",
        }
        for heading, value in values.items():
            sheet.cell(index + 1, headings[heading]).value = value
    target = io.BytesIO()
    book.save(target)
    import_experts(actor=Actor(admin, "admin", people.ADDRESS), data=target.getvalue())


def draw(walk: Walk) -> None:
    """Both parties commit and reveal, the public value of the evening comes, and the panel is drawn."""
    recruitment, start = walk.recruitment, walk.schedule["review_start"]
    staff, supervisor = walk.office("staff"), walk.office("supervisor")
    walk.hand.pass_time(minutes=30)
    known_at = min(clock.at(start, _evening()), walk.hand.latest or clock.at(start, _evening()))
    found = drawing.prepare_draw(
        actor=staff,
        recruitment=recruitment,
        public_value_name=PUBLIC_NAME,
        public_value_digits=len(PUBLIC_VALUE),
        public_value_at=known_at,
    )
    drawing.fix_draw(actor=staff, draw=found)
    walk.hand.pass_time(minutes=5)
    secrets = {actor.role: drawing.commit(actor=actor, draw=found) for actor in (staff, supervisor)}
    walk.hand.pass_time(minutes=5)
    for actor in (staff, supervisor):
        drawing.reveal(actor=actor, draw=found, secret=secrets[actor.role])
    walk.hand.to(day_after(start), 8, 30)
    drawing.enter_public_value(actor=staff, draw=found, value=PUBLIC_VALUE, source="样例开奖公告（演练虚构）")
    drawing.perform_draw(actor=supervisor, draw=found, value=PUBLIC_VALUE)
    walk.work()
    walk.say(f"评审专家已抽取，抽取凭证 SM3 {str(found.proof_digest)[:16]}…")


def _evening() -> time:
    return time(21, 30)


def _review(walk: Walk) -> Review:
    review = walk.recruitment.review
    assert review is not None
    return review


def _invited(walk: Walk) -> list[PanelSeat]:
    return list(
        db.session.scalars(
            select(PanelSeat)
            .where(PanelSeat.review_id == _review(walk).id, PanelSeat.stage == "invited")
            .order_by(PanelSeat.seat_no)
        )
    )


def _login(expert: Expert) -> str:
    return f"expert{int(expert.code.removeprefix('样例'))}"


def _seat_taken(walk: Walk, seat: PanelSeat, link: str, *, related: bool) -> str:
    """The expert follows the link, accepts and declares; returns the stage that follows."""
    user = people.take_invitation(link, login=_login(seat.expert), name=seat.expert.name) if link else None
    if user is None:
        from app.panel.common import expert_user

        user = expert_user(seat.expert_id)
    assert user is not None
    actor = Actor(user, "expert", people.ADDRESS)
    walk.hand.pass_time(minutes=2)
    seats.answer_invitation(actor=actor, seat=seat, accept=True)
    keys.make_key(actor=actor, seat=seat, passphrase=people.PASSPHRASE)
    actor = opened(actor, seat)
    candidates = db.session.scalars(
        select(Candidate).where(Candidate.review_id == _review(walk).id).order_by(Candidate.number)
    ).all()
    relations = {row.public_id: seats.Relation("none") for row in candidates}
    if related:
        relations[candidates[0].public_id] = seats.Relation("employment", "三年内曾在该公司任技术顾问（样例）。")
    return seats.declare_relations(actor=actor, seat=seat, relations=relations)


def opened(actor: Actor, seat: PanelSeat) -> Actor:
    """The expert with the seat's key open."""
    return replace(actor, signer=keys.open_key(actor=actor, seat=seat, passphrase=people.PASSPHRASE))


def seat_panel(walk: Walk, *, recuse: bool = True) -> Panel:
    """Invitations, declarations and the election; one expert declares a relation, the next reserve steps in."""
    staff = walk.office("staff")
    sent = seats.invite_seats(actor=staff, recruitment=walk.recruitment)
    for index, one in enumerate(sent):
        related = recuse and index == walk.cast.recused
        stage = _seat_taken(walk, one.seat, one.link, related=related)
        if related:
            walk.say(f"{one.seat.pseudonym} 声明有利害关系，已回避（{stage}），由候补递补")
    for seat in _invited(walk):
        link = seats.send_again(actor=staff, seat=seat)
        _seat_taken(walk, seat, link, related=False)
    panel = panel_of(walk)
    chair = panel.experts[0][0]
    for _seat, actor in panel.experts:
        vote_chair(actor=actor, seat=_seat, choice=chair)
    walk.work()
    walk.say(f"评审委员会 {len(panel.experts)} 人到齐，已推选组长")
    return panel


def panel_of(walk: Walk) -> Panel:
    """The panel as it sits now."""
    from app.panel.common import expert_user

    found = []
    for seat in sorted(held_seats(db.session(), _review(walk)), key=lambda row: row.seat_no or 0):
        user = expert_user(seat.expert_id)
        assert user is not None
        found.append((seat, opened(Actor(user, "expert", people.ADDRESS), seat)))
    return Panel(walk.recruitment, found)
