"""The draw by commit and reveal: what is fixed, who can gain what, and that anybody can make it again."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import clock as app_clock
from app.accounts.models import Message
from app.audit import Event, sm3_hex
from app.documents.models import Document
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.panel import drawing, proofs
from app.storage import read_all
from evaluation.models import Draw, Expert, PanelSeat
from evaluation.panel import PanelCode, PanelRefused, commitment, replay
from tests.app.panel.hall import (
    LATER,
    VALUE,
    add_expert,
    commit_both,
    drawn,
    finish,
    make_hall,
    prepare,
)

pytestmark = pytest.mark.usefixtures("clock")


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def test_a_draw_from_preparation_to_the_published_proof(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = prepare(hall)
        assert (draw.stage, draw.hits) == ("prepared", [])
        digest = drawing.fix_draw(actor=hall.actor("staff"), draw=draw)
        assert len(draw.fixed["pool"]) == 9 and draw.fixed["exclusions"] == []
        secrets = {role: drawing.commit(actor=hall.actor(role), draw=draw) for role in ("staff", "supervisor")}
        assert draw.stage == "committed"
        announced = db.session.scalars(select(Document).where(Document.kind == "draw_commitments")).one()
        # What was published before the reveals is what the file says, and names nobody.
        data = read_all(announced.blob_key)
        assert sm3_hex(data) == announced.sm3 and announced.audience == "public"
        assert json.loads(data)["snapshot_digest"] == digest
        assert "样例评审" not in data.decode()
        for role, secret in secrets.items():
            assert secret not in str(draw.commitments)
            assert drawing.reveal(actor=hall.actor(role), draw=draw, secret=secret)
        finish(hall, draw, clock)
        assert (draw.stage, draw.public_value) == ("drawn", VALUE)
        result = replay(draw.proof)
        assert result.ok and len(result.drawn) == 5 and len(result.reserves) == 4
        seats = hall.seats()
        assert [seat.seat_no for seat in seats] == [1, 2, 3, 4, 5, None, None, None, None]
        assert [seat.pseudonym for seat in seats] == [f"{n}号专家" for n in range(1, 10)]
        by_ref = [draw.openings[ref]["expert"] for ref in [*result.drawn, *result.reserves]]
        assert by_ref == [seat.expert.public_id for seat in seats]
        proof = db.session.scalars(select(Document).where(Document.kind == "draw_proof")).one()
        assert proof.sm3 == draw.proof_digest == proofs.digest_of(draw.proof)
        kinds = list(
            db.session.scalars(select(Event.kind).where(Event.kind.startswith("draw.")).order_by(Event.id))
        )
        assert kinds == [
            "draw.prepared", "draw.fixed", "draw.party_committed", "draw.party_committed", "draw.committed",
            "draw.revealed", "draw.revealed", "draw.value_entered", "draw.performed",
        ]
        made = db.session.scalars(select(Event).where(Event.kind == "draw.performed")).one()
        # Two weeks before the review: allowed, but on record as early.
        assert made.facts["early"] is True and made.facts["days_before_review"] > 2
        subjects = set(db.session.scalars(select(Message.subject)))
        assert {"抽取：请作出承诺", "抽取：请公开秘密值", "评审专家已抽取"} <= subjects
        everything = json.dumps([row.facts for row in db.session.scalars(select(Event))], ensure_ascii=False)
        assert "样例评审" not in everything


def test_a_draw_close_to_the_review_is_not_early(app, clock):
    with app.app_context():
        hall = make_hall(experts=5)
        clock.set_local(2023, 7, 7, 19)
        drawn(hall, clock)
        made = db.session.scalars(select(Event).where(Event.kind == "draw.performed")).one()
        assert (made.facts["early"], made.facts["days_before_review"]) == (False, 1)


def test_the_draw_follows_the_opening_and_is_begun_by_staff(app):
    with app.app_context():
        closed = make_hall(stage="published")
        with refused("panel_wrong_stage"):
            prepare(closed)
        hall = make_hall(experts=0)
        with pytest.raises(Denied):
            prepare(hall, actor=hall.actor("supervisor"))
        for changes, code in (
            ({"public_value_name": " "}, "draw_public_name"),
            ({"public_value_digits": 3}, "draw_public_digits"),
            ({"public_value_at": app_clock.now()}, "draw_public_past"),
            ({"mode": "supplement"}, "draw_mode_first"),
        ):
            with refused(code):
                prepare(hall, **changes)
        prepare(hall)
        with refused("draw_unfinished"):
            prepare(hall)
        assert db.session.scalars(select(Draw.number)).all() == [1]


def test_a_party_that_stops_gains_nothing(app, clock):
    """Without a reveal the draw goes on, left out on record; and nobody can give up once the result stands."""
    with app.app_context():
        hall = make_hall()
        draw = prepare(hall)
        secrets = commit_both(hall, draw)
        assert drawing.reveal(actor=hall.actor("staff"), draw=draw, secret=secrets["staff"])
        clock.advance(LATER)
        with refused("draw_value_known"):
            drawing.reveal(actor=hall.actor("supervisor"), draw=draw, secret=secrets["supervisor"])
        for role in ("staff", "supervisor"):
            with pytest.raises(WrongStage) as held:
                drawing.abandon_draw(actor=hall.actor(role), draw=draw, reason="样例")
            assert held.value.facts["guard"] == "result_determined"
        drawing.enter_public_value(actor=hall.actor("staff"), draw=draw, value="3 0571", source="样例公告")
        drawing.perform_draw(actor=hall.actor("supervisor"), draw=draw, value=VALUE)
        assert draw.proof["left_out"] == {"supervisor": {"why": "missing"}}
        assert replay(draw.proof).ok
        # The withheld secret would have given another panel: it could not be chosen, the value came later.
        full = drawing.compute(draw)
        assert full.entropy == draw.proof["entropy"]


def test_a_false_reveal_can_be_mended_until_the_value_is_known(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = prepare(hall)
        secrets = commit_both(hall, draw)
        with refused("draw_secret_shape"):
            drawing.reveal(actor=hall.actor("staff"), draw=draw, secret="not hex")
        with refused("draw_secret_shape"):
            drawing.reveal(actor=hall.actor("staff"), draw=draw, secret="abcd")
        assert not drawing.reveal(actor=hall.actor("staff"), draw=draw, secret=secrets["supervisor"])
        spaced = " ".join(secrets["staff"][place : place + 8] for place in range(0, 64, 8))
        assert drawing.reveal(actor=hall.actor("staff"), draw=draw, secret=spaced)
        with refused("draw_revealed"):
            drawing.reveal(actor=hall.actor("staff"), draw=draw, secret=secrets["supervisor"])
        assert not drawing.reveal(actor=hall.actor("supervisor"), draw=draw, secret="ab" * 32)
        finish(hall, draw, clock)
        assert draw.proof["left_out"] == {"supervisor": {"why": "false", "secret": "ab" * 32}}
        assert replay(draw.proof).ok


def test_a_commitment_made_elsewhere_serves_this_draw_only(app, clock):
    with app.app_context():
        hall, other = make_hall(), make_hall(experts=0)
        draw = prepare(hall)
        drawing.fix_draw(actor=hall.actor("staff"), draw=draw)
        with refused("draw_commitment_shape"):
            drawing.commit(actor=hall.actor("staff"), draw=draw, commitment_hex="xyz")
        with refused("draw_not_a_party"):
            drawing.commit(actor=hall.actor("operator"), draw=draw)
        digest, secret = bytes.fromhex(draw.fixed_digest), b"s" * 32
        made = commitment(other.recruitment.public_id, "organiser", digest, secret)
        assert drawing.commit(actor=hall.actor("staff"), draw=draw, commitment_hex=made) == ""
        # Until the other party committed it can be made anew, with the right recruitment this time.
        right = commitment(hall.recruitment.public_id, "organiser", digest, secret)
        drawing.commit(actor=hall.actor("staff"), draw=draw, commitment_hex=right.upper())
        # A copy of the other's commitment opens for nobody else.
        drawing.commit(actor=hall.actor("supervisor"), draw=draw, commitment_hex=right)
        with refused("draw_stage"):
            drawing.commit(actor=hall.actor("staff"), draw=draw)
        assert drawing.reveal(actor=hall.actor("staff"), draw=draw, secret=secret.hex())
        assert not drawing.reveal(actor=hall.actor("supervisor"), draw=draw, secret=secret.hex())


def test_the_public_value_is_read_by_both_and_never_early(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = prepare(hall)
        staff, supervisor = hall.actor("staff"), hall.actor("supervisor")
        commit_both(hall, draw)
        with refused("draw_value_early"):
            drawing.enter_public_value(actor=staff, draw=draw, value=VALUE, source="样例")
        with refused("draw_value_missing"):
            drawing.perform_draw(actor=staff, draw=draw, value=VALUE)
        clock.advance(LATER)
        with refused("draw_value_digits"):
            drawing.enter_public_value(actor=staff, draw=draw, value="3057", source="样例")
        with refused("draw_value_source"):
            drawing.enter_public_value(actor=staff, draw=draw, value=VALUE, source=" ")
        drawing.enter_public_value(actor=staff, draw=draw, value="99999", source="样例")
        with refused("draw_value_second"):
            drawing.perform_draw(actor=staff, draw=draw, value="99999")
        with pytest.raises(Conflict) as differs:
            drawing.perform_draw(actor=supervisor, draw=draw, value=VALUE)
        assert (differs.value.current, differs.value.submitted) == ("99999", VALUE)
        with refused("draw_value_entered"):
            drawing.enter_public_value(actor=supervisor, draw=draw, value=VALUE, source="样例")
        drawing.enter_public_value(actor=staff, draw=draw, value="３０５７１", source="样例")
        drawing.perform_draw(actor=supervisor, draw=draw, value=VALUE)
        assert draw.public_value == VALUE


def test_what_would_change_a_stored_draw_is_found(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = drawn(hall, clock)
        good = copy.deepcopy(draw.proof)

        def broken(**changes: Any) -> PanelCode | None:
            return replay({**copy.deepcopy(good), **changes}).failure

        snapshot = copy.deepcopy(good["snapshot"])
        snapshot["pool"] = snapshot["pool"][:-1]
        assert broken(snapshot=snapshot) is PanelCode.PROOF_SNAPSHOT
        assert broken(drawn=good["drawn"][::-1]) is PanelCode.PROOF_RESULT
        assert broken(reserves=good["reserves"][::-1]) is PanelCode.PROOF_RESULT
        assert broken(public_value="30572") is PanelCode.PROOF_ENTROPY
        reveals = {**good["reveals"], "organiser": "00" * 32}
        assert broken(reveals=reveals) is PanelCode.PROOF_REVEAL
        foreign = commitment("another", "organiser", bytes.fromhex(good["snapshot_digest"]), b"s" * 32)
        commitments = {**good["commitments"], "organiser": foreign}
        assert broken(commitments=commitments) is PanelCode.PROOF_REVEAL
        named = proofs.named_proof(draw, hall.recruitment, everybody=True)
        assert "names" not in named
        hall.recruitment.stage = "publicity"
        named = proofs.named_proof(draw, hall.recruitment, everybody=True)
        assert replay(named).ok and len(replay(named).names) == 9
        ref = next(iter(named["names"]))
        named["names"][ref] = {**named["names"][ref], "name": "样例别人"}
        assert replay(named).failure is PanelCode.PROOF_NAMES
        assert proofs.named_proof(draw, hall.recruitment, everybody=False)["names"] == {}
        db.session.rollback()


def test_conflicts_are_found_and_false_hits_set_aside_with_a_reason(app, clock):
    with app.app_context():
        hall = make_hall(experts=6)
        vendor, agent = hall.vendors[0]
        add_expert(21, employer=f"{vendor.name}有限公司")
        add_expert(22, relations=[{"credit_code": hall.vendors[1][0].credit_code, "relation": "曾任职"}])
        add_expert(23, phone="0898 6530 0003")
        add_expert(24, employer=hall.recruitment.organiser.name)
        add_expert(25, email=agent.email.upper())
        add_expert(26, active=False, employer=vendor.name)
        with unit_of_work():
            hall.people["operator"].expert_id = hall.experts[0].id
        draw = prepare(hall)
        found = {(row["kind"], row["number"]) for row in draw.hits}
        assert found == {
            ("same_employer", 1), ("declared", 2), ("contact", 3), ("own_organisation", None), ("contact", 1),
            ("other_role", None),
        }
        by_kind = {(row["kind"], row["number"]): row["id"] for row in draw.hits}
        staff = hall.actor("staff")
        with refused("reason_required"):
            drawing.dismiss_hits(actor=staff, draw=draw, hits=[1], reason=" ")
        with refused("draw_hit_firm"):
            drawing.dismiss_hits(actor=staff, draw=draw, hits=[by_kind["other_role", None]], reason="样例")
        with refused("draw_hit_none"):
            drawing.dismiss_hits(actor=staff, draw=draw, hits=[999], reason="样例")
        chosen = [by_kind["contact", 3]]
        assert drawing.dismiss_hits(actor=staff, draw=draw, hits=chosen, reason="总机号码相同") == 1
        # The pool changes: what was found must be found again before it is fixed, dismissals stay.
        add_expert(27, employer=vendor.name)
        with refused("draw_recheck"):
            drawing.fix_draw(actor=staff, draw=draw)
        assert drawing.recheck_draw(actor=staff, draw=draw) == 7
        drawing.fix_draw(actor=staff, draw=draw)
        fixed = draw.fixed
        assert len(fixed["pool"]) == 12 and len(fixed["exclusions"]) == 6
        assert [entry["reason"] for entry in fixed["dismissed"]] == [
            "与响应服务商人员联系信息相同（3 号响应服务商）：总机号码相同"
        ]
        assert "样例评审" not in json.dumps(fixed, ensure_ascii=False)
        with refused("draw_stage"):
            drawing.dismiss_hits(actor=staff, draw=draw, hits=chosen, reason="样例")
        for role in ("staff", "supervisor"):
            drawing.commit(actor=hall.actor(role), draw=draw)
        finish(hall, draw, clock)
        names = {seat.expert.name for seat in hall.seats()}
        assert len(names) == 6 and "样例评审23" in names


def test_too_few_are_left_to_draw_from(app):
    with app.app_context():
        hall = make_hall(experts=4)
        draw = prepare(hall)
        with pytest.raises(PanelRefused) as small:
            drawing.fix_draw(actor=hall.actor("staff"), draw=draw)
        assert small.value.code is PanelCode.POOL_SMALL and small.value.facts == {"there": 4, "seats": 5}
        db.session.refresh(draw)
        assert (draw.stage, draw.fixed) == ("prepared", {})


def test_seats_of_a_speciality_are_kept(app, clock):
    with app.app_context():
        hall = make_hall(experts=12, strata=[{"speciality": "密码", "seats": 2}])
        draw = drawn(hall, clock)
        seated = [seat.expert.speciality for seat in hall.seats() if seat.seat_no]
        assert seated.count("密码") >= 2
        assert draw.fixed["strata"][0]["least"] == 2 and replay(draw.proof).ok
        poor = make_hall(experts=0, strata=[{"speciality": "法律", "seats": 1}])
        with pytest.raises(PanelRefused) as small:
            drawing.fix_draw(actor=poor.actor("staff"), draw=prepare(poor))
        assert small.value.code is PanelCode.STRATUM_SMALL


def test_an_abandoned_draw_stays_and_the_next_is_new_with_its_reason(app, clock):
    with app.app_context():
        hall = make_hall()
        first = prepare(hall)
        commit_both(hall, first)
        with refused("reason_required"):
            drawing.abandon_draw(actor=hall.actor("staff"), draw=first, reason="")
        drawing.abandon_draw(actor=hall.actor("supervisor"), draw=first, reason="样例：号码停售")
        with refused("draw_reason"):
            prepare(hall)
        second = prepare(hall, reason="样例：号码停售，改用另一期")
        assert (second.number, second.mode, first.stage) == (2, "first", "abandoned")
        commit_both(hall, second)
        finish(hall, second, clock)
        assert second.proof["snapshot"]["number"] == 2
        assert len(second.proof["left_out"]) == 2
        with refused("draw_mode_made"):
            prepare(hall, reason="样例")
        with refused("draw_not_needed"):
            prepare(hall, mode="supplement", reason="样例")
        with refused("draw_cause"):
            prepare(hall, mode="anew", cause="bad luck", reason="样例")


def test_the_database_refuses_a_draw_without_proof(app):
    from sqlalchemy.exc import IntegrityError

    with app.app_context():
        hall = make_hall(experts=0)
        with pytest.raises(IntegrityError), unit_of_work() as session:
            session.add(Draw(review_id=hall.review.id, stage="drawn"))
            session.flush()
        assert db.session.scalars(select(PanelSeat)).all() == []


def test_commitments_end_when_the_value_can_be_known(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = prepare(hall)
        drawing.fix_draw(actor=hall.actor("staff"), draw=draw)
        drawing.commit(actor=hall.actor("staff"), draw=draw)
        clock.advance(LATER + timedelta(seconds=1))
        with refused("draw_value_known"):
            drawing.commit(actor=hall.actor("supervisor"), draw=draw)
        # Nothing was revealed: giving up now chooses among nothing.
        drawing.abandon_draw(actor=hall.actor("staff"), draw=draw, reason="样例")
        assert db.session.scalar(select(Expert.id).limit(1))
