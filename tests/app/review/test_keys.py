"""The seats' signing keys: made and opened by the expert alone, counted, locked, renewed, revoked."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.acceptance.authority import revocation_list, trial_authority
from app.audit import Event
from app.errors import Denied, Refusal
from app.extensions import db, unit_of_work
from app.panel import actions as seats
from app.review import actions, key_loss, keys, own_forms, scoring
from app.review.signed import payload_of, signed_rows
from evaluation.models import ItemScore, PanelSeat, QualificationSheet, ScoreSheet, SeatKey, SeatKeyOpening
from seal_core import PrivateKey, Verdict, validate_path, verify
from seal_core.certificates import RevocationList
from tests import factories
from tests.app.documents.sealed import trust
from tests.app.review.room import (
    PASSPHRASE,
    SIGNED,
    Room,
    judge_all,
    make_room,
    score_all,
    sheets_answer,
)
from tests.harness.statements import counted_statements

OTHER = "另一个签名口令-2023"


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=f"^{code}$")


def begin(room: Room) -> None:
    actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)


def bare(room: Room, number: int) -> Any:
    """The expert without an opened key."""
    return factories.actor(room.experts[number - 1], "expert")


def path(room: Room, seat: PanelSeat) -> str:
    return f"/r/{room.recruitment.public_id}/panel/seats/{seat.public_id}"


def test_the_certificate_names_the_seat_and_nobody_and_the_key_is_encrypted(app: Flask) -> None:
    with app.app_context():
        room = make_room(1)
        seat, actor = room.seat(1), room.actor(1)
        key = keys.key_in_force(seat)
        assert key is not None
        certificate = keys.certificate_of(key)
        assert certificate.common_name == f"试用 评审席位 {seat.pseudonym}" and certificate.is_trial
        stored = json.dumps(key.sealed) + key.certificate.hex()
        assert seat.expert.name.encode().hex() not in stored
        assert actor.signer.private.to_der().hex() not in stored and key.sealed["kdf"] == "scrypt"
        assert "private" not in repr(actor.signer)
        authority = trial_authority()
        found = validate_path(
            certificate,
            trust=[authority.root],
            pool=[authority.certificate],
            crls=[RevocationList.from_der(revocation_list(certificate.not_before))],
            at=certificate.not_before,
            required_usage=("digitalSignature",),
        )
        assert found.trusted and not found.reasons
        with refused("seat_key_there"):
            keys.make_key(actor=actor, seat=seat, passphrase=OTHER)
        for role, who in room.people.items():
            person = factories.actor(who, role)
            for attempt in (keys.make_key, keys.open_key):
                with pytest.raises(Denied):
                    attempt(actor=person, seat=seat, passphrase=PASSPHRASE)
        with pytest.raises(Denied):
            keys.open_key(actor=bare(room, 2), seat=seat, passphrase=PASSPHRASE)
        admin = factories.actor(factories.make_user(is_admin=True), "admin")
        with pytest.raises(Denied):
            key_loss.report_lost(actor=admin, seat=seat, kind="forgotten", reason="样例")
        # An administrator with the key of a seat in hand still isn't the seat.
        begin(room)
        sheet = room.sheet(QualificationSheet, 1, 1)
        stolen = dataclasses.replace(admin, signer=actor.signer)
        with pytest.raises((Denied, Refusal)):
            actions.sign_qualification(actor=stolen, recruitment=room.recruitment, sheets=[sheet])


def test_rules_for_the_passphrase(app: Flask) -> None:
    with app.app_context():
        room = make_room(1)
        seat, actor = room.seat(1), bare(room, 1)
        key_loss.report_lost(actor=actor, seat=seat, kind="forgotten", reason="样例：忘记")
        key_loss.allow_renewal(actor=factories.actor(room.people["supervisor"], "supervisor"), seat=seat)
        for text, code in (
            ("short", "passphrase_short"),
            ("x" * 200, "passphrase_long"),
            ("1234567890", "passphrase_weak"),
            (factories.PASSWORD, "passphrase_is_password"),
        ):
            with refused(code):
                keys.make_key(actor=actor, seat=seat, passphrase=text)
        assert keys.key_in_force(seat) is None


def test_wrong_passphrases_are_counted_wait_and_lock(app: Flask, clock: Any) -> None:
    with app.app_context():
        room = make_room(1)
        seat, actor = room.seat(1), bare(room, 1)
        most = app.config["SETTINGS"].signing_tries
        for left in range(most - 1, most - 1 - keys.FREE_TRIES, -1):
            with refused("passphrase_wrong") as wrong:
                keys.open_key(actor=actor, seat=seat, passphrase=OTHER)
            assert wrong.value.facts["left"] == left
        # From here on even the right one waits.
        with refused("seat_key_wait"):
            keys.open_key(actor=actor, seat=seat, passphrase=PASSPHRASE)
        clock.advance(minutes=1)
        assert keys.open_key(actor=actor, seat=seat, passphrase=PASSPHRASE).seat_id == seat.id
        for number in range(most):
            with refused("passphrase_wrong" if number < most - 1 else "seat_key_locked"):
                keys.open_key(actor=actor, seat=seat, passphrase=OTHER)
            clock.advance(hours=1)
        with refused("seat_key_locked"):
            keys.open_key(actor=actor, seat=seat, passphrase=PASSPHRASE)
        kinds = [row.kind for row in db.session.scalars(select(Event).where(Event.kind.like("seat_key.%")))]
        assert kinds.count("seat_key.locked") == 1 and kinds.count("seat_key.wrong_passphrase") == most + 2
        facts = json.dumps([row.facts for row in db.session.scalars(select(Event))], ensure_ascii=False)
        assert PASSPHRASE not in facts and OTHER not in facts


def test_what_a_seat_signs_can_be_checked_and_a_change_is_found(app: Flask) -> None:
    with app.app_context():
        room = make_room(3)
        begin(room)
        sheet = room.sheet(QualificationSheet, 1, 1)
        form = {str(item["id"]): actions.Answer(True) for item in room.review.rules["qualification"]["form"]}
        actions.save_qualification(
            actor=bare(room, 1), recruitment=room.recruitment, sheet=sheet, answers=form, version=sheet.version
        )
        with refused("seat_key_closed"):
            actions.sign_qualification(actor=bare(room, 1), recruitment=room.recruitment, sheets=[sheet])
        # The opened key of another seat signs nothing here.
        foreign = dataclasses.replace(bare(room, 1), signer=room.actor(2).signer)
        with refused("seat_key_of_another"):
            actions.sign_qualification(actor=foreign, recruitment=room.recruitment, sheets=[sheet])
        assert sheet.stage == "open" and sheet.signature is None
        judge_all(room)
        scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
        score_all(room)
        db.session.expire_all()
        with counted_statements(db.engine) as count:
            records = list(signed_rows(room.review))
        assert len(count) <= 16
        assert len(records) == 30 and all(row.verified and row.current for row in records)
        assert {row.kind for row in records} == {"qualification_sheet", "score_sheet"}
        assert {row.seat_pseudonym for row in records} == {f"{number}号席" for number in range(1, 6)}
        row = room.sheet(ScoreSheet, 3, 2)
        assert payload_of(row)["total"] == str(sum((x.value for x in row.scores), Decimal(0)).normalize())
        with unit_of_work() as work:
            score = work.scalars(select(ItemScore).where(ItemScore.sheet_id == row.id)).first()
            assert score is not None and score.value is not None
            score.value = score.value - Decimal("0.5")
        broken = [one for one in signed_rows(room.review) if not one.verified]
        assert [(one.kind, one.row.id) for one in broken] == [("score_sheet", row.id)]
        # Signed anew by whoever can write to the database: the certificate is another's.
        with unit_of_work():
            forged = PrivateKey.generate()
            version = broken[0].version
            from app.audit import sm3_hex
            from app.signing import signed_bytes

            data = signed_bytes(broken[0].payload)
            version.payload, version.payload_digest = broken[0].payload, sm3_hex(data)
            version.signature = forged.sign(data).hex()
        again = next(one for one in signed_rows(room.review) if one.version.id == version.id)
        assert again.intact and not again.verified


def test_a_browser_signs_for_some_minutes_and_nobody_elses_does(
    app: Flask, client: FlaskClient, clock: Any
) -> None:
    with app.app_context():
        room = make_room(4)
        begin(room)
        seat = room.seat(1)
        factories.login(client, room.experts[0])
        sheets = [room.sheet(QualificationSheet, 1, number) for number in (1, 2, 3, 4)]
        urls = [f"{room.base}/qualification/{sheet.public_id}" for sheet in sheets]
        versions = [sheet.version for sheet in sheets]

        def sign(index: int, browser: FlaskClient, **fields: str) -> str:
            form = sheets_answer(versions[index]) | {"then": "sign"} | fields
            answer = browser.post(urls[index], data=form)
            assert answer.status_code == 303
            db.session.expire_all()
            versions[index] = sheets[index].version
            return sheets[index].stage

        # Without the passphrase nothing is signed, and nothing that was filled in is lost.
        assert sign(0, client) == "open"
        assert len(sheets[0].answers) == 4
        assert "已保存，尚未签署：签署须输入签名口令" in client.get(urls[0]).text
        assert sign(0, client, passphrase=OTHER) == "open"
        assert "还可以再试 7 次" in client.get(urls[0]).text
        assert sign(0, client, **SIGNED, keep_open="1") == "signed"
        assert "签名密钥已打开，还有 20 分钟" in client.get(urls[1]).text
        assert sign(1, client) == "signed"
        key = keys.key_in_force(seat)
        assert key is not None
        name = keys.cookie_name(key)
        held = client.get_cookie(name)
        assert held is not None and held.http_only and held.same_site == "Strict"
        # The row alone opens nothing, nor does the cookie in another person's browser or for another seat.
        opening = db.session.scalars(select(SeatKeyOpening)).one()
        assert keys.open_in_browser(bare(room, 1), key, f"{opening.public_id}.{'A' * 43}") is None
        assert keys.open_in_browser(bare(room, 2), key, held.value) is None
        other = app.test_client()
        factories.login(other, room.experts[1])
        second = keys.key_in_force(room.seat(2))
        assert second is not None
        other.set_cookie(keys.cookie_name(second), held.value)
        other.set_cookie(name, held.value)
        theirs = room.sheet(QualificationSheet, 2, 1)
        answer = other.post(
            f"{room.base}/qualification/{theirs.public_id}",
            data=sheets_answer(theirs.version) | {"then": "sign"},
        )
        db.session.expire_all()
        assert answer.status_code == 303 and theirs.stage == "open"
        clock.advance(minutes=21)
        factories.login(client, room.experts[0])
        assert sign(2, client) == "open"
        assert sign(2, client, **SIGNED, keep_open="1") == "signed"
        assert client.post(f"{path(room, seat)}/key/lock").status_code == 303
        assert sign(3, client) == "open" and client.get_cookie(name) is None
        assert client.post(f"{path(room, seat)}/key/open", data=SIGNED).status_code == 303
        value = client.get_cookie(name).value  # type: ignore[union-attr]
        client.post("/logout")
        assert client.get_cookie(name) is None
        factories.login(client, room.experts[0])
        client.set_cookie(name, value)
        assert sign(3, client) == "open"
        assert db.session.scalars(select(SeatKeyOpening)).all() == []


def test_a_lost_key_is_revoked_and_only_the_supervisor_allows_another(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        room = make_room(2)
        begin(room)
        seat = room.seat(1)
        old_actor, base = room.actor(1), path(room, seat)
        judge = {str(item["id"]): actions.Answer(True) for item in room.review.rules["qualification"]["form"]}

        def sign(number: int, actor: Any) -> None:
            sheet = room.sheet(QualificationSheet, 1, number)
            actions.save_and_sign_qualification(
                actor=actor, recruitment=room.recruitment, sheet=sheet, answers=judge, version=sheet.version
            )

        sign(1, old_actor)
        factories.login(client, room.experts[0])
        assert client.get(f"{base}/certificate.pem").data.startswith(b"-----BEGIN CERTIFICATE-----")
        assert client.post(f"{base}/key/lost", data={"kind": "x", "reason": "样例"}).status_code == 422
        lost = client.post(f"{base}/key/lost", data={"kind": "forgotten", "reason": "样例：记不起来"})
        assert lost.status_code == 303
        shown = client.get(base).text
        assert "记不起来（此前的签名仍可验证）" in shown and "监督人员核实" in shown
        # The key that was open in memory signs no more, and no new one can be made by whoever holds the account.
        with refused("seat_key_revoked"):
            sign(2, old_actor)
        new = {"new_passphrase": OTHER, "repeat": OTHER}
        assert client.post(f"{base}/key", data=new).status_code == 409
        assert client.post(f"{base}/key/allow").status_code == 403
        for role in ("staff", "staff2", "operator"):
            factories.login(client, room.people[role])
            assert client.post(f"{base}/key/allow").status_code == 403
        factories.login(client, room.people["supervisor"])
        assert "申请更换签名密钥" in client.get(f"/r/{room.recruitment.public_id}/panel").text
        assert "核实1号席更换签名密钥" in client.get("/work").text
        assert client.post(f"{base}/key/allow").status_code == 303
        assert client.post(f"{base}/key/allow").status_code == 409
        factories.login(client, room.experts[0])
        assert "重新设置签名口令" in client.get("/work").text
        assert client.post(f"{base}/key", data=new).status_code == 303
        db.session.expire_all()
        fresh = keys.open_key(actor=bare(room, 1), seat=seat, passphrase=OTHER)
        sign(2, dataclasses.replace(bare(room, 1), signer=fresh))
        first, second = signed_rows(room.review)
        assert first.verified and second.verified and first.revoked_at is not None and second.revoked_at is None
        assert first.certificate_serial != second.certificate_serial
        serial = int(first.certificate_serial, 16)
        crl = RevocationList.from_der(revocation_list(first.signed_at))
        assert serial in crl.revoked


def test_a_replaced_experts_key_is_revoked_and_an_expired_certificate_signs_nothing(
    app: Flask, clock: Any
) -> None:
    with app.app_context():
        room = make_room(1)
        begin(room)
        seat, actor = room.seat(2), room.actor(2)
        seats.replace_seat(
            actor=factories.actor(room.people["supervisor"], "supervisor"),
            seat=seat,
            reason="样例：因病",
            cause="illness",
        )
        key = db.session.scalars(select(SeatKey).where(SeatKey.seat_id == seat.id)).one()
        assert key.revoked_at is not None and key.revocation_reason == key_loss.CESSATION
        with refused("seat_key_missing"):
            keys.open_key(actor=bare(room, 2), seat=seat, passphrase=PASSPHRASE)
        with refused("seat_key_stage"):
            keys.make_key(actor=bare(room, 2), seat=seat, passphrase=OTHER)
        with refused("seat_key_revoked"):
            keys.sign_by(actor, seat)({"seat": seat.pseudonym})
        other, opened = room.seat(3), room.actor(3)
        assert keys.sign_by(opened, other)({"seat": other.pseudonym}).key_id == opened.signer.key_id
        with refused("seat_key_of_another"):
            keys.sign_by(opened, other)({"seat": seat.pseudonym})
        clock.advance(days=app.config["SETTINGS"].seat_certificate_days + 1)
        with refused("seat_key_expired"):
            keys.sign_by(opened, other)({"seat": other.pseudonym})


def test_the_own_forms_are_signed_by_the_seat_and_read_by_it_alone(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(3)
        begin(room)
        seat = room.seat(1)
        with refused("document_not_ready"):
            own_forms.sign_forms(actor=room.actor(1), recruitment=room.recruitment, seat=seat)
        judge_all(room)
        scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
        with refused("document_not_ready"):
            own_forms.sign_forms(actor=room.actor(1), recruitment=room.recruitment, seat=seat)
        score_all(room)
        with refused("seat_key_closed"):
            own_forms.sign_forms(actor=bare(room, 1), recruitment=room.recruitment, seat=seat)
        with pytest.raises(Denied, match="seat_key_of_another"):
            own_forms.sign_forms(actor=room.actor(2), recruitment=room.recruitment, seat=seat)
        base, name = room.base, room.experts[0].name
        factories.login(client, room.experts[0])
        page = client.get(f"{base}/desk").get_data(as_text=True)
        assert "我的签署表" in page
        assert "尚未生成" in page
        client.post(f"{base}/forms", data={"passphrase": PASSPHRASE})
        row = own_forms.own_copy(room.seat(1))
        assert row is not None
        data = client.get(f"/documents/{row.public_id}").get_data()
        report = verify(data, trust(clock.now()), clock.now())
        assert (report.verdict, report.signatures[0].signer.name) == (Verdict.VALID, f"试用 评审席位 {seat.pseudonym}")
        with pypdfium2.PdfDocument(data) as printed:
            text = "".join(page.get_textpage().get_text_range() for page in printed)
        assert name not in text
        assert text.count("（评委个人）") == 3
        assert "综合评分表" in text
        factories.login(client, room.experts[1])
        assert client.get(f"/documents/{row.public_id}").status_code == (200 if row.audience == "panel" else 403)
