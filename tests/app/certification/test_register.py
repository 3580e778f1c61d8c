"""The trial authority's administration: the register, revocation, CRL and OCSP, the password of its keys."""

from __future__ import annotations

import base64
import stat
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.acceptance.authority import trial_authority
from app.audit import SYSTEM, Event
from app.certification import actions, queries
from app.documents import issue_notice
from app.documents.models import RecruitmentSeal
from app.errors import Denied, Refusal
from app.extensions import db
from app.review import key_loss, keys
from evaluation.models import SeatKey
from seal_core import Certificate, OCSPAnswer, PrivateKey, build_csr, ocsp_request
from seal_core.certificates import RevocationList
from tests import factories
from tests.app.acceptance.hall import issue, make_hall
from tests.app.review.room import make_room
from tests.harness.statements import counted_statements


def asked(client: FlaskClient, serial: str) -> tuple[bool, Any]:
    """What the OCSP responder says by POST and, the same, by GET: known, revoked since."""
    found = queries.by_serial(serial)
    assert found is not None
    issuer, now = trial_authority().certificate, clock.now()
    request = ocsp_request(found.certificate, issuer)
    answers = (
        client.post("/ca/ocsp", data=request, content_type="application/ocsp-request"),
        client.get("/ca/ocsp/" + base64.b64encode(request).decode().replace("+", "%2B")),
    )
    told = []
    for answer in answers:
        assert (answer.status_code, answer.mimetype) == (200, "application/ocsp-response")
        told.append(OCSPAnswer.from_der(answer.data).status(found.certificate, issuer, now))
    assert told[0] == told[1]
    return told[0]


def test_every_kind_is_listed_found_and_revoked(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        hall = make_hall()
        _vendor_key, vendor = issue(hall, 1)
        room = make_room(1)
        issue_notice(room.recruitment, actor=SYSTEM)
        seal = db.session.scalars(select(RecruitmentSeal)).one()
        key = keys.key_in_force(room.seat(1))
        assert key is not None
        db.session.commit()
        admin = factories.make_user("样例管理员", is_admin=True)
        factories.login(client, admin)
        page = client.get("/admin/ca").text
        for serial in (vendor.sign_serial, vendor.encryption_serial, key.serial, seal.serial, seal.maker_serial):
            assert serial is not None and serial in page
        assert "trial-ca.pem" in page and "0600" in page and "评审席位的私钥（5 把）" in page
        # The register names seats, never people.
        assert room.experts[0].name not in page
        only = client.get("/admin/ca?kind=seat").text
        assert key.serial in only and seal.serial not in only
        assert seal.serial in client.get(f"/admin/ca?q={seal.serial[:8]}").text
        with counted_statements(db.engine) as seen:
            client.get("/admin/ca")
        few = len(seen)
        for serial in (vendor.sign_serial, key.serial, seal.serial):
            assert serial is not None
            assert asked(client, serial) == (True, None)
            shown = client.get(f"/admin/ca/certificate?serial={serial}").text
            assert "确认吊销" in shown and serial in shown
            assert client.get(f"/admin/ca/certificate.pem?serial={serial}").data.startswith(b"-----BEGIN")
            form = {"serial": serial, "kind": "key_compromise", "reason": "样例：怀疑泄露", "typed": serial[-6:]}
            for wrong in ({"typed": "000000x"}, {"kind": "none"}, {"reason": " "}):
                assert client.post("/admin/ca/revoke", data=form | wrong).status_code == 422
            assert client.post("/admin/ca/revoke", data=form).status_code == 303
            assert client.post("/admin/ca/revoke", data=form).status_code == 409
            known, since = asked(client, serial)
            assert known and since is not None
            assert queries.by_serial(serial).state == "revoked"  # type: ignore[union-attr]
            assert serial in client.get("/admin/ca?state=revoked").text
        crl = RevocationList.from_der(client.get("/ca/trial.crl").data)
        pairs = (vendor.sign_serial, vendor.encryption_serial, key.serial, seal.serial, seal.maker_serial)
        assert {int(serial, 16) for serial in pairs if serial} <= set(crl.revoked)
        with counted_statements(db.engine) as seen:
            client.get("/admin/ca")
        assert len(seen) <= few
        assert client.get("/ca/chain.pem").data.count(b"BEGIN CERTIFICATE") == 2
        events = [row.kind for row in db.session.scalars(select(Event).order_by(Event.id))]
        assert events.count("ca.certificate_revoked") == 3
        assert {"certificate.revoked", "seat_key.revoked", "seal.revoked"} <= set(events)
        # A revoked seat key signs no more; the supervisor can allow another one.
        db.session.expire_all()
        assert keys.key_in_force(room.seat(1)) is None
        assert key_loss.waiting_renewals([room.seat(1)]) == {room.seat(1).id}


def test_what_is_no_ocsp_request_is_answered_as_malformed(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        trial_authority()
        for answer in (
            client.post("/ca/ocsp", data=b"nothing", content_type="application/ocsp-request"),
            client.post("/ca/ocsp", data=b"", content_type="application/ocsp-request"),
            client.get("/ca/ocsp/not-base64!"),
        ):
            assert (answer.status_code, answer.data) == (200, b"\x30\x03\x0a\x01\x01")
        large = client.post("/ca/ocsp", data=b"0" * 20_000, content_type="application/ocsp-request")
        assert large.status_code == 413
        stranger = PrivateKey.generate()
        foreign = trial_authority().issue_signing(
            build_csr(stranger, {"C": "CN", "CN": "x"}), now=clock.now(), subject={"C": "CN", "CN": "无登记 试用"}
        )
        issuer = trial_authority().certificate
        answer = client.post(
            "/ca/ocsp", data=ocsp_request(foreign, issuer), content_type="application/ocsp-request"
        )
        known, since = OCSPAnswer.from_der(answer.data).status(foreign, issuer, clock.now())
        assert (known, since) == (False, None)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("configured", ["", "配置里的旧密码-2023"])
def test_the_password_of_the_keys_is_changed(app: Flask, client: FlaskClient, configured: str) -> None:
    settings = app.config["SETTINGS"].model_copy(update={"trial_ca_password": configured})
    app.config["SETTINGS"] = settings
    folder = settings.data / "keys"
    with app.app_context():
        if configured:
            for name in ("trial-ca.pem", "trial-ca.password"):
                (folder / name).unlink()
        app.extensions.pop("trial_authority")
        root, before = trial_authority().root.der, (folder / "trial-ca.pem").read_bytes()
        admin = factories.make_user("样例管理员", is_admin=True)
        actor = factories.actor(admin, "admin")
        staff = factories.actor(factories.make_user(), "staff")
        with pytest.raises(Denied):
            actions.change_password(actor=staff, login_password=factories.PASSWORD)
        with pytest.raises(Refusal, match="password_current_wrong"):
            actions.change_password(actor=actor, login_password="wrong")
        factories.login(client, admin)
        form = {"login_password": factories.PASSWORD, "current": configured, "new": "全新的机构密码-2024"}
        if configured:
            assert "现用密码不正确" in client.post("/admin/ca/password", data=form | {"current": "x"}).text
            short = client.post("/admin/ca/password", data=form | {"new": "short"})
            assert short.status_code == 422 and "至少 12 个字符" in short.text
            assert "不一致" in client.post("/admin/ca/password", data=form | {"repeat": "other"}).text
        assert (folder / "trial-ca.pem").read_bytes() == before
        changed = client.post("/admin/ca/password", data=form | {"repeat": form["new"]})
        assert changed.status_code == 303
        after = (folder / "trial-ca.pem").read_bytes()
        assert after != before and b"ENCRYPTED PRIVATE KEY" in after
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        app.extensions.pop("trial_authority")
        if configured:
            with pytest.raises(Refusal, match="acceptance_authority_closed"):
                trial_authority()
            app.config["SETTINGS"] = settings.model_copy(update={"trial_ca_password": form["new"]})
        else:
            # A crash between the files leaves both passwords: one of them opens.
            kept = folder / "trial-ca.password"
            kept.write_bytes(b"not yet used\n" + kept.read_bytes())
        assert trial_authority().root.der == root
        assert Certificate.from_der(root).is_trial
        (event,) = db.session.scalars(select(Event).where(Event.kind == "ca.password_changed"))
        assert event.facts == {"source": "ca_setting" if configured else "ca_file"}


def test_nobody_but_the_administrator_revokes(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        key = db.session.scalars(select(SeatKey)).first()
        assert key is not None
        form = {"serial": key.serial, "kind": "superseded", "reason": "样例", "typed": key.serial[-6:]}
        for user in (room.people["staff"], room.people["supervisor"], room.experts[0], room.vendors[0][1]):
            factories.login(client, user)
            assert client.get("/admin/ca").status_code == 403
            assert client.post("/admin/ca/revoke", data=form).status_code == 403
            assert client.post("/admin/ca/password", data={}).status_code == 403
        with pytest.raises(Denied):
            actions.revoke(
                actor=room.staff(), serial=key.serial, kind="superseded", reason="样例", typed=key.serial[-6:]
            )
