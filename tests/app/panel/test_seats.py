"""Seats: invitation, answer, declaration, reserves in their order, replacement in the middle, the chair."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from app.accounts import invitations
from app.accounts.invitations import NewAccount
from app.accounts.models import Invitation, Membership, Message, User
from app.audit import Event
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.lifecycle import move
from app.panel import actions, chair, drawing, fees
from app.panel.actions import Relation
from app.panel.placing import close_panel
from app.results.models import FeeShare
from app.review import actions as review
from app.review import scoring
from app.review.signed import signed_rows
from evaluation.errors import EvaluationError
from evaluation.models import (
    Candidate,
    ChairVote,
    Declaration,
    ExpertFee,
    Minute,
    PanelSeat,
    QualificationSheet,
    ScoreSheet,
)
from evaluation.review import versions_of
from evaluation.review_qualification import Answer
from tests.app.panel.hall import (
    Hall,
    account,
    commit_both,
    declare,
    drawn,
    elect_first,
    finish,
    make_hall,
    prepare,
    seat_all,
)

pytestmark = pytest.mark.usefixtures("clock")
PASSWORD = "样例密码-2023-sample"


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def invite(hall: Hall) -> list[actions.Sent]:
    return actions.invite_seats(actor=hall.actor("staff"), recruitment=hall.recruitment)


def test_an_expert_without_an_account_comes_by_a_link_and_one_with_an_account_by_a_message(app, clock):
    with app.app_context():
        hall = make_hall()
        with refused("panel_not_drawn"):
            invite(hall)
        drawn(hall, clock)
        known = account(hall.seats()[0].expert)
        with refused("panel_due_past"):
            actions.invite_seats(
                actor=hall.actor("staff"), recruitment=hall.recruitment, answer_due_at=clock()
            )
        sent = invite(hall)
        assert [one.link != "" for one in sent] == [False, True, True, True, True]
        message = db.session.scalars(select(Message).where(Message.user_id == known.id)).one()
        assert message.kind == "seat.invited" and sent[0].seat.public_id in message.link
        with refused("panel_nobody_to_invite"):
            invite(hall)
        newcomer = NewAccount("newcomer", "样例新人", "n@example.invalid", "", PASSWORD)
        token = sent[1].link.rsplit("/", 1)[1]
        again = actions.send_again(actor=hall.actor("staff"), seat=sent[1].seat)
        with refused("invitation_withdrawn"):
            invitations.accept_new(token=token, account=newcomer, address="")
        user = invitations.accept_new(token=again.rsplit("/", 1)[1], account=newcomer, address="")
        assert user.expert_id == sent[1].seat.expert_id
        actor = hall.expert(sent[1].seat)
        with pytest.raises(Denied):
            actions.answer_invitation(actor=actor, seat=sent[2].seat, accept=True)
        with refused("seat_not_accepted"):
            declare(hall, sent[1].seat)
        actions.answer_invitation(actor=actor, seat=sent[1].seat, accept=True)
        with pytest.raises(WrongStage):
            actions.answer_invitation(actor=actor, seat=sent[1].seat, accept=True)
        assert declare(hall, sent[1].seat) == "active"
        assert db.session.scalar(
            select(Membership.role).where(Membership.user_id == user.id, Membership.ended_at.is_(None))
        ) == "expert"
        # Names stand in no event.
        facts = json.dumps([row.facts for row in db.session.scalars(select(Event))], ensure_ascii=False)
        assert "样例评审" not in facts and "样例新人" not in facts


def test_who_declines_is_followed_by_the_reserve_next_in_order(app, clock):
    with app.app_context():
        hall = make_hall()
        drawn(hall, clock)
        invite(hall)
        order = hall.seats()
        first, second = order[1], order[3]
        actor = hall.expert(first)
        with refused("reason_required"):
            actions.answer_invitation(actor=actor, seat=first, accept=False, reason=" ")
        actions.answer_invitation(actor=actor, seat=first, accept=False, reason="样例：出差")
        assert (first.stage, first.seat_no, first.reason) == ("declined", None, "样例：出差")
        # Staff record a refusal that came by telephone; the next reserve takes that number.
        actions.answer_invitation(
            actor=hall.actor("staff"), seat=second, accept=False, reason="样例：电话谢绝"
        )
        assert [(seat.stage, seat.seat_no) for seat in order[5:8]] == [
            ("invited", 2), ("invited", 4), ("drawn", None),
        ]
        links = db.session.scalars(select(Invitation).where(Invitation.seat_id == second.id))
        assert all(row.withdrawn_at is not None for row in links)
        with pytest.raises(WrongStage):
            actions.answer_invitation(actor=actor, seat=first, accept=True)
        with refused("seat_not_called"):
            actions.exclude_seat(actor=hall.actor("supervisor"), seat=order[7], reason="样例")
        actions.exclude_seat(actor=hall.actor("supervisor"), seat=order[0], reason="样例：查实任职")
        assert (order[0].stage, order[7].seat_no) == ("excluded", 1)


def test_without_automatic_invitation_staff_call_the_next(app, clock):
    with app.app_context():
        hall = make_hall(experts=6)
        drawn(hall, clock, auto_invite=False)
        invite(hall)
        order = hall.seats()
        actions.answer_invitation(actor=hall.expert(order[0]), seat=order[0], accept=False, reason="样例")
        assert order[5].stage == "drawn"
        body = db.session.scalars(select(Message.body).where(Message.kind == "seat.vacant")).first()
        assert body == "有席位空缺，请邀请下一位候补。"
        assert [sent.seat.id for sent in invite(hall)] == [order[5].id]
        actions.answer_invitation(actor=hall.expert(order[5]), seat=order[5], accept=False, reason="样例")
        with refused("panel_nobody_to_invite"):
            invite(hall)


def test_a_declared_relation_excludes_and_is_kept_signed(app, clock):
    with app.app_context():
        hall = make_hall()
        drawn(hall, clock)
        invite(hall)
        seat = hall.seats("invited")[0]
        actor = hall.expert(seat)
        actions.answer_invitation(actor=actor, seat=seat, accept=True)
        none = {row.public_id: Relation("none") for row in hall.candidates()}
        refs = list(none)

        def refuse(code: str, relations: dict[str, Relation]) -> None:
            with refused(code):
                actions.declare_relations(actor=actor, seat=seat, relations=relations)

        refuse("declaration_missing", {refs[0]: Relation("none")})
        refuse("declaration_stranger", {**none, "another": Relation("none")})
        refuse("declaration_kind", {**none, refs[1]: Relation("friend")})
        refuse("declaration_detail", {**none, refs[1]: Relation("control", " ")})
        assert db.session.scalar(select(func.count()).select_from(Declaration)) == 0
        assert declare(hall, seat, related=2) == "excluded"
        assert "2 号响应服务商（亲属关系）" in seat.reason and seat.seat_no is None
        rows = {row.candidate.number: row for row in seat.declarations}
        assert [rows[n].relation for n in (1, 2, 3)] == ["none", "kinship", "none"]
        version = versions_of(db.session(), "declaration", seat.id)[0]
        (found,) = signed_rows(hall.review)
        assert found.verified and found.current and found.row is seat
        assert found.payload["relations"][1]["relation"] == "kinship"
        assert version.payload["seat"] == seat.pseudonym
        rows[1].relation = "other"
        assert not next(iter(signed_rows(hall.review))).intact
        db.session.refresh(rows[1])
        assert hall.seats()[5].stage == "invited"
        # Whoever is out has no role and no way back.
        user = hall.user_of(seat)
        assert db.session.scalar(
            select(Membership.ended_at).where(Membership.user_id == user.id)
        ) is not None
        with refused("seat_not_accepted"):
            declare(hall, seat)


def test_the_panel_elects_its_chair_and_a_tie_is_voted_on_again(app, clock):
    with app.app_context():
        hall = make_hall()
        drawn(hall, clock)
        invite(hall)
        seats = hall.seats("invited")
        for seat in seats[:4]:
            actions.answer_invitation(actor=hall.expert(seat), seat=seat, accept=True)
            declare(hall, seat)
        with refused("chair_incomplete"):
            chair.vote_chair(actor=hall.expert(seats[0]), seat=seats[0], choice=seats[1])
        actions.answer_invitation(actor=hall.expert(seats[4]), seat=seats[4], accept=True)
        declare(hall, seats[4])

        def vote(voter: int, choice: int) -> PanelSeat | None:
            return chair.vote_chair(actor=hall.expert(seats[voter]), seat=seats[voter], choice=seats[choice])

        with pytest.raises(Denied):
            chair.vote_chair(actor=hall.actor("staff"), seat=seats[0], choice=seats[0])
        assert vote(0, 1) is None
        with refused("chair_voted"):
            vote(0, 2)
        for voter, choice in ((1, 1), (2, 2), (3, 2), (4, 3)):
            assert vote(voter, choice) is None
        tied = chair.ballot(hall.review)
        assert (tied.round, [seat.id for seat in tied.choices]) == (2, [seats[1].id, seats[2].id])
        with refused("chair_choice"):
            vote(0, 3)
        for voter in range(4):
            assert vote(voter, 2) is None
        assert vote(4, 1) is seats[2] and seats[2].is_chair
        with refused("chair_elected"):
            vote(0, 1)
        assert db.session.scalar(select(func.count()).select_from(ChairVote)) == 10
        kinds = list(db.session.scalars(select(Minute.kind).where(Minute.kind.startswith("chair"))))
        assert kinds == ["chair_tied", "chair_elected"]
        assert not any("choice" in row.facts for row in db.session.scalars(select(Event)))


def answers() -> dict[str, Answer]:
    return {item: Answer(True) for item in ("1", "2", "3", "4")}


def judge(hall: Hall, seat: PanelSeat, numbers: tuple[int, ...] = (1, 2, 3)) -> None:
    """Fill and sign the seat's qualification sheets."""
    actor = hall.expert(seat)
    rows = [
        row
        for row in db.session.scalars(select(QualificationSheet).where(QualificationSheet.seat_id == seat.id))
        if row.candidate.number in numbers
    ]
    for row in rows:
        review.save_qualification(
            actor=actor, recruitment=hall.recruitment, sheet=row, answers=answers(), version=row.version
        )
    review.sign_qualification(actor=actor, recruitment=hall.recruitment, sheets=rows)


def start(hall: Hall, hand: Any) -> list[PanelSeat]:
    """A complete panel with a chair, in the qualification review."""
    drawn(hall, hand)
    seats = seat_all(hall)
    elect_first(hall)
    review.start_qualification(actor=hall.actor("staff"), recruitment=hall.recruitment)
    return seats


def test_a_replacement_in_the_middle_voids_stops_and_starts_blank(app, clock):
    with app.app_context():
        hall = make_hall()
        with pytest.raises(WrongStage) as incomplete, unit_of_work():
            move(hall.recruitment, "qualification", actor=hall.actor("staff"))
        assert incomplete.value.facts["guard"] == "panel_incomplete"
        seats = start(hall, clock)
        for seat in seats:
            judge(hall, seat, (1,))
        judge(hall, seats[1], (2, 3))
        assert hall.candidates()[0].stage == "qualified"
        old = seats[1]
        with refused("seat_cause"):
            actions.replace_seat(actor=hall.actor("staff"), seat=old, reason="样例", cause="mood")
        with refused("reason_required"):
            actions.replace_seat(actor=hall.actor("staff"), seat=old, reason="", cause="illness")
        with pytest.raises(WrongStage):
            actions.replace_seat(actor=hall.expert(seats[0]), seat=old, reason="样例", cause="illness")
        actions.replace_seat(actor=hall.actor("supervisor"), seat=old, reason="样例：突发疾病", cause="illness")
        assert (old.stage, old.seat_no, old.cause) == ("replaced", None, "illness")
        sheets = db.session.scalars(select(QualificationSheet).where(QualificationSheet.seat_id == old.id))
        assert {row.stage for row in sheets} == {"void"}
        assert hall.candidates()[0].stage == "under_review"
        # Below five everything stops, for the other four too.
        with pytest.raises(EvaluationError) as stopped:
            judge(hall, seats[0], (2,))
        assert stopped.value.code.value == "review_panel_incomplete"
        with pytest.raises(EvaluationError):
            judge(hall, old, (1,))
        with pytest.raises(WrongStage):
            scoring.start_scoring(actor=hall.actor("staff"), recruitment=hall.recruitment)
        new = hall.seats("invited")[0]
        assert (new.position, new.seat_no, new.replaces_id) == (6, 2, old.id)
        actions.answer_invitation(actor=hall.expert(new), seat=new, accept=True)
        declare(hall, new)
        blank = list(
            db.session.scalars(select(QualificationSheet).where(QualificationSheet.seat_id == new.id))
        )
        assert [(row.stage, row.answers) for row in blank] == [("open", [])] * 3
        assert hall.candidates()[0].stage == "under_review"
        judge(hall, new)
        assert hall.candidates()[0].stage == "qualified"
        for seat in (seats[0], *seats[2:]):
            judge(hall, seat, (2, 3))
        assert {row.stage for row in hall.candidates()} == {"qualified"}


def test_the_chair_who_leaves_is_elected_anew(app, clock):
    with app.app_context():
        hall = make_hall()
        seats = start(hall, clock)
        actions.replace_seat(actor=hall.actor("staff"), seat=seats[0], reason="样例", cause="absence")
        assert not seats[0].is_chair
        new = hall.seats("invited")[0]
        actions.answer_invitation(actor=hall.expert(new), seat=new, accept=False, reason="样例：不能到场")
        second = hall.seats("invited")[0]
        assert (second.seat_no, second.replaces_id) == (1, seats[0].id)
        actions.answer_invitation(actor=hall.expert(second), seat=second, accept=True)
        declare(hall, second)
        current = chair.ballot(hall.review)
        assert (current.round, len(current.choices), current.votes) == (2, 5, {})
        elected = elect_first(hall)
        assert elected.is_chair and elected.id != seats[0].id


def test_a_replacement_during_the_scoring_keeps_the_qualification(app, clock):
    with app.app_context():
        hall = make_hall(vendors=3)
        seats = start(hall, clock)
        for seat in seats:
            judge(hall, seat)
        scoring.start_scoring(actor=hall.actor("staff"), recruitment=hall.recruitment)
        actions.replace_seat(actor=hall.actor("staff"), seat=seats[4], reason="样例", cause="illness")
        new = hall.seats("invited")[0]
        actions.answer_invitation(actor=hall.expert(new), seat=new, accept=True)
        declare(hall, new)
        made = db.session.scalars(select(ScoreSheet).where(ScoreSheet.seat_id == new.id)).all()
        assert [row.stage for row in made] == ["open"] * 3
        assert {row.stage for row in hall.candidates()} == {"qualified"}


def test_used_up_reserves_are_filled_by_a_supplementary_draw(app, clock):
    with app.app_context():
        hall = make_hall(experts=10, reserves=0)
        drawn(hall, clock)
        seats = seat_all(hall)
        assert hall.seats("drawn") == []
        actions.replace_seat(actor=hall.actor("staff"), seat=seats[2], reason="样例", cause="illness")
        with refused("panel_nobody_to_invite"):
            invite(hall)
        draw = prepare(hall, mode="supplement", reason="样例：候补用完")
        assert {row["kind"] for row in draw.hits} == {"drawn_before"} and len(draw.hits) == 5
        commit_both(hall, draw)
        assert draw.fixed["seats"] == 1
        finish(hall, draw, clock)
        added = [seat for seat in hall.seats() if seat.draw_id == draw.id]
        assert [(seat.seat_no, seat.pseudonym) for seat in added] == [(3, "6号专家")]
        invite(hall)
        assert added[0].replaces_id == seats[2].id


def test_a_new_panel_needs_a_lawful_cause_and_voids_the_old_one(app, clock):
    with app.app_context():
        hall = make_hall(experts=12)
        seats = start(hall, clock)
        for seat in seats:
            judge(hall, seat, (1,))
        draw = prepare(hall, mode="anew", cause="recusal", reason="样例：应回避而未回避")
        # Until the new panel is drawn the old one stays.
        assert len(hall.seats("active")) == 5
        commit_both(hall, draw)
        finish(hall, draw, clock)
        assert {seat.stage for seat in seats} == {"replaced"} and not any(seat.is_chair for seat in seats)
        assert hall.candidates()[0].stage == "under_review"
        old = {seat.expert_id for seat in seats}
        new = [seat for seat in hall.seats() if seat.draw_id == draw.id and seat.seat_no]
        assert [seat.seat_no for seat in new] == [1, 2, 3, 4, 5]
        assert not old & {seat.expert_id for seat in new}
        seat_all(hall)
        assert len({seat.replaces_id for seat in hall.seats("active")}) == 5
        elect_first(hall)
        for seat in hall.seats("active"):
            judge(hall, seat)
        assert {row.stage for row in hall.candidates()} == {"qualified"}
        with unit_of_work():
            hall.recruitment.stage = "scoring"
        with refused("draw_anew_stage"):
            prepare(hall, mode="anew", cause="misconduct", reason="样例")


def test_a_dissolved_panel_is_not_filled_from_its_reserves(app, clock):
    """After a re-review for a cause in the panel itself only a new draw makes a panel."""
    with app.app_context():
        hall = make_hall(experts=12)
        start(hall, clock)
        with unit_of_work():
            close_panel(
                hall.review,
                cause="composition",
                reason="样例：组成不合规定",
                actor=hall.actor("staff"),
                recruitment=hall.recruitment,
            )
        assert len(hall.seats("drawn")) == 7
        with refused("panel_nobody_to_invite"):
            invite(hall)
        with refused("draw_anew_needed"):
            prepare(hall, mode="supplement", reason="样例")
        drawn(hall, clock, mode="anew", cause="composition", reason="样例：组成不合规定")
        seats = seat_all(hall)
        assert len(seats) == 5 and {seat.draw_id for seat in seats} == {seats[0].draw_id}
        actions.replace_seat(actor=hall.actor("staff"), seat=seats[0], reason="样例", cause="discipline")
        assert hall.seats("invited")[0].seat_no == 1


def test_somebody_with_another_duty_is_never_drawn(app, clock):
    """Separation of duties: found before the draw, and refused at the acceptance if it arises in between."""
    with app.app_context():
        hall = make_hall(experts=5)
        draw = drawn(hall, clock)
        assert draw.stage == "drawn"
        invite(hall)
        seat = hall.seats("invited")[0]
        actor = hall.expert(seat)
        with unit_of_work() as session:
            session.add(
                Membership(
                    recruitment_id=hall.recruitment.id, user_id=actor.user.id, role="operator", since=clock()
                )
            )
        with refused("duty_other_role"):
            actions.answer_invitation(actor=actor, seat=seat, accept=True)
        assert seat.stage == "invited"


def test_attendance_and_fees_of_those_who_served(app, clock):
    with app.app_context():
        hall = make_hall()
        seats = start(hall, clock)
        actions.replace_seat(actor=hall.actor("staff"), seat=seats[1], reason="样例", cause="illness")
        staff = hall.actor("staff")
        today = date(2023, 6, 25)
        row = fees.record_fee(actor=staff, seat=seats[0], amount=Decimal("1500.5"), attended_on=today)
        fees.record_fee(actor=staff, seat=seats[1], amount=Decimal(300), note="样例：半天")
        assert (row.amount, row.attended_on) == (Decimal("1500.50"), today)
        with pytest.raises(Conflict) as stale:
            fees.record_fee(actor=staff, seat=seats[0], amount=Decimal(1), version=row.version - 1)
        assert (stale.value.current, stale.value.submitted) == ("1500.50 元", "1.00 元")
        for text in ("-1", "1.005", "NaN", "1e9", "12345678901", "一千"):
            with refused("fee_shape"):
                fees.read_amount(text)
        with refused("fee_shape"):
            fees.record_fee(actor=staff, seat=seats[0], amount=Decimal("0.001"))
        with refused("fee_day"):
            fees.record_fee(actor=staff, seat=seats[0], amount=Decimal(1), attended_on=date(2023, 6, 27))
        with refused("fee_not_active"):
            fees.record_fee(actor=staff, seat=hall.seats("invited")[0], amount=Decimal(1))
        assert [seat.id for seat in fees.served(hall.review)][-1] == seats[1].id
        with unit_of_work() as session:
            session.add(
                FeeShare(
                    recruitment_id=hall.recruitment.id,
                    candidate_id=db.session.scalars(select(Candidate.id)).first(),
                    amount=Decimal(1),
                    total=Decimal(1),
                    issued_at=clock(),
                )
            )
        with refused("fee_split"):
            fees.record_fee(actor=staff, seat=seats[0], amount=Decimal(1))
        assert db.session.scalar(select(func.count()).select_from(ExpertFee)) == 2


def test_two_who_decline_at_once_call_two_reserves(app, clock):
    """Whoever comes second waits for the first: no reserve is called twice, no number held twice."""
    import threading

    with app.app_context():
        hall = make_hall()
        drawn(hall, clock)
        invite(hall)
        pairs = [(seat.public_id, hall.user_of(seat).public_id) for seat in hall.seats("invited")[:2]]
        review_id = hall.review.id
        db.session.remove()
    gate, failures = threading.Barrier(2), []

    def run(seat_ref: str, user_ref: str) -> None:
        from app.audit import Actor

        with app.app_context():
            seat = db.session.scalars(select(PanelSeat).where(PanelSeat.public_id == seat_ref)).one()
            user = db.session.scalars(select(User).where(User.public_id == user_ref)).one()
            gate.wait()
            try:
                actions.answer_invitation(
                    actor=Actor(user, "expert"), seat=seat, accept=False, reason="样例"
                )
            except Exception as error:
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        rows = db.session.scalars(select(PanelSeat).where(PanelSeat.review_id == review_id)).all()
        held = sorted(row.seat_no for row in rows if row.seat_no)
        declined = sum(row.stage == "declined" for row in rows)
        assert (held, declined + len(failures)) == ([1, 2, 3, 4, 5], 2), failures
        assert not failures


def test_a_draw_can_not_be_made_twice_over(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = drawn(hall, clock)
        with refused("draw_stage"):
            drawing.perform_draw(actor=hall.actor("supervisor"), draw=draw, value="30571")
        with pytest.raises(WrongStage):
            drawing.abandon_draw(actor=hall.actor("staff"), draw=draw, reason="样例")
