"""Before the opening nobody but its vendor learns what a response holds: on no page, export, API or log."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Organisation
from app.audit import Event
from app.documents.models import Document
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.responses import actions, counter, opening, uploads
from app.responses.models import ResponseFile, SealCheck, Submission
from app.routing import SUBJECTS
from tests import factories
from tests.app.responses.hall import Hall, enter, make_hall, pdf
from tests.app.verification.papers import papers

SECRETS = ("绝密执照", "绝密上传", "绝密联系人", "绝密机构", "绝密编号", "绝密签章", "有电子签章（试用有效）")
FILLINGS = {"stage": "published", "name": "response", "filename": "theme.css", "token": "x" * 43}


def sealed_hall() -> tuple[Hall, Hall, dict[str, Any], dict[str, str]]:
    """A vendor with a submission, a withdrawn rival, everybody else, and the ids that URLs can name."""
    hall = make_hall()
    file = hall.add("2", papers(factories.clock.now(), "绝密签章单位").ofd(), name="绝密执照.ofd")
    actions.set_details(
        actor=hall.vendor, response=hall.response, contact_name="绝密联系人", contact_phone="1",
        ca_name="绝密机构", ca_licence="绝密编号",
    )
    upload = uploads.start_upload(
        actor=hall.vendor, response=hall.response, item="3", name="绝密上传.pdf", size=10
    )
    submission = hall.submit()
    rival = enter(hall.recruitment, *factories.make_vendor())
    rival.add()
    rival.submit()
    actions.withdraw(actor=rival.vendor, response=rival.response)
    people: dict[str, Any] = factories.staffed(hall.recruitment)
    people["expert"] = factories.make_user("样例专家")
    factories.enrol(people["expert"], hall.recruitment, "expert")
    people["admin"] = factories.make_user("样例管理员", is_admin=True)
    people["rival"] = rival.user
    receipt = db.session.scalars(select(Document).where(Document.owner_ref == hall.organisation.public_id)).one()
    arrival = counter.register_arrival(
        actor=factories.actor(people["staff"], "staff"), recruitment=hall.recruitment, organisation=None,
        vendor_name="样例单位", copies=1, sealed=True, envelope_ok=True,
    )
    ours = select(OutboxItem).where(OutboxItem.recruitment_id.is_not(None)).order_by(OutboxItem.id)
    job = db.session.scalars(ours).first()
    rows = {
        "recruitment": hall.recruitment, "response": hall.response, "file": file, "upload": upload,
        "submission": submission, "document": receipt, "organisation": hall.organisation, "arrival": arrival,
        "user": hall.user, "job": job,
    }
    return hall, rival, people, {name: row.public_id for name, row in rows.items()}


def file_check(ref: str) -> tuple[str, str]:
    """Stage and verdict of what was found in a file."""
    query = select(SealCheck.stage, SealCheck.verdict).join(ResponseFile).where(ResponseFile.public_id == ref)
    return tuple(db.session.execute(query).one())  # type: ignore[return-value]


def paths(app: Flask, ids: dict[str, str]) -> list[str]:
    found = []
    for rule in app.url_map.iter_rules():
        names = {name: ids.get(name) if name in SUBJECTS else FILLINGS.get(name, "1") for name in rule.arguments}
        if "GET" not in (rule.methods or ()) or None in names.values() or rule.endpoint == "static":
            continue
        with app.test_request_context():
            built = rule.build(names)
        if built is not None:
            found.append(built[1])
    return sorted(set(found))


def readable(data: bytes) -> str:
    """What a body says, also when it is a workbook or another package."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = b"".join(archive.read(name) for name in archive.namelist())
    return data.decode(errors="replace")


@pytest.mark.database("sqlite")
def test_no_address_tells_anybody_else(app: Flask, clock: Any) -> None:
    with app.app_context():
        hall, _rival, people, ids = sealed_hall()
        sm3 = str(hall.response.submission.manifest["files"][0]["sm3"])  # type: ignore[union-attr]
        manifest_sm3 = hall.response.submission.manifest_sm3  # type: ignore[union-attr]
        company, person = "样例隐名科技公司", "样例隐名经办人"
        assert file_check(ids["file"]) == ("done", "TRIAL_VALID")
        jobs = list(db.session.execute(select(OutboxItem.public_id, OutboxItem.kind, OutboxItem.recruitment_id)))
        looked = [row for row in jobs if row.kind == "seal_check"]
        assert looked and all(row.recruitment_id is None for row in looked)
        with unit_of_work():
            hall.organisation.name, hall.user.name = company, person
        browsers = {name: app.test_client() for name in ("anonymous", *people, "vendor")}
        for name, user in {**people, "vendor": hall.user}.items():
            factories.login(browsers[name], user)
        db.session.remove()
    asked = paths(app, ids) + [f"/jobs/{row.public_id}" for row in looked]
    key = ids["recruitment"]
    for wanted in (
        f"/response-files/{ids['file']}",
        f"/response-files/{ids['file']}/seals",
        f"/response-files/{ids['file']}/seals.pdf",
        f"/recruitments/{key}/review/documents/{ids['file']}/seals",
        f"/recruitments/{key}/review/documents/{ids['file']}/seals.pdf",
        f"/uploads/{ids['upload']}",
        f"/documents/{ids['document']}",
    ):
        assert wanted in asked
    told, seen = [], 0
    for name, browser in browsers.items():
        for path in asked:
            answer = browser.get(path)
            text = readable(answer.data) + unquote(answer.headers.get("Content-Disposition", ""))
            # The administrator keeps the list of accounts; nobody else may know who responds. A paper
            # objection may come from any vendor that is registered.
            who = () if name in ("vendor", "admin") or path.endswith("/objections") else (company, person)
            secrets = [word for word in (*SECRETS, sm3, manifest_sm3, *who) if word in text]
            if name == "vendor":
                seen += len(secrets)
            elif secrets or (answer.status_code == 200 and answer.data.startswith(b"%PDF")):
                told.append((name, path, secrets))
    assert told == []
    assert seen > 10
    # Staff read the log, but not who responds.
    for path in (f"/r/{ids['recruitment']}/log", f"/r/{ids['recruitment']}/log?kind=response.submitted"):
        log = browsers["staff"].get(path).get_data(as_text=True)
        assert person not in log and "递交响应文件" in log
    searched = browsers["supervisor"].get(f"/r/{ids['recruitment']}/log?person={person}").get_data(as_text=True)
    assert "<tbody" not in searched
    overview = browsers["staff"].get(f"/r/{ids['recruitment']}/responses").get_data(as_text=True)
    assert "1 份" in overview


@pytest.mark.database("sqlite")
def test_after_the_opening_the_withdrawn_stay_closed(app: Flask, clock: Any) -> None:
    """What was opened may be read; receipts of what was withdrawn remain their vendor's."""
    with app.app_context():
        hall, rival, people, ids = sealed_hall()
        staff, supervisor = (factories.actor(people[role], role) for role in ("staff", "supervisor"))
        clock.set(hall.recruitment.closes_at)
        counter.close_arrivals(actor=staff, recruitment=hall.recruitment)
        for actor in (staff, supervisor):
            opening.approve_opening(actor=actor, recruitment=hall.recruitment)
        opening.open_responses(actor=staff, recruitment=hall.recruitment)
        client, own = app.test_client(), app.test_client()
        factories.login(client, people["staff"])
        factories.login(own, rival.user)
        mine = list(
            db.session.scalars(
                select(Document.public_id).where(Document.owner_ref == rival.organisation.public_id)
            )
        )
        draft = rival.response.public_id
        assert len(mine) == 2 and db.session.scalars(select(Organisation)).first()
        db.session.remove()
    listing = client.get(f"/r/{ids['recruitment']}/documents").get_data(as_text=True)
    assert ids["document"] in listing and not any(ref in listing for ref in mine)
    assert client.get(f"/documents/{ids['document']}").status_code == 200
    assert [client.get(f"/documents/{ref}").status_code for ref in mine] == [403, 403]
    assert [own.get(f"/documents/{ref}").status_code for ref in mine] == [200, 200]
    assert client.get(f"/responses/{draft}/check").status_code == 403
    overview = client.get(f"/r/{ids['recruitment']}/responses").get_data(as_text=True)
    assert "绝密机构" in overview


def test_the_receipt_holds_what_was_handed_in(app: Flask, clock: Any, tmp_path: Any) -> None:
    from app.signing import verify_payload
    from app.storage import read_all
    from tests.app.documents.printed import flat

    with app.app_context():
        hall = make_hall()
        file = hall.add("2", pdf(2), name="营业执照.pdf")
        row = hall.submit()
        withdrawn = actions.withdraw(actor=hall.vendor, response=hall.response)
        db.session.expire_all()
        receipts = [db.session.get_one(Document, one.receipt_document_id) for one in (row, withdrawn)]
        data = read_all(receipts[0].blob_key)
        text = flat(data, tmp_path)
        assert file.sm3 in text and row.manifest_sm3 in text and "2023年6月25日09:00:00" in text
        assert "营业执照.pdf" in text and (hall.organisation.credit_code or "?") in text
        assert "撤回" in flat(read_all(receipts[1].blob_key), tmp_path)
        assert (receipts[0].audience, receipts[0].owner_ref) == ("owner", hall.organisation.public_id)
        from app.responses.receipts import issue_receipt, payload_of

        assert verify_payload(payload_of(row), receipts[0].facts["signature"])
        assert not verify_payload({**payload_of(row), "manifest_sm3": "0" * 64}, receipts[0].facts["signature"])
        assert issue_receipt(row, actor=hall.vendor).id == receipts[0].id
        issued = [event for event in db.session.scalars(select(Event)) if event.kind == "document.issued"]
        assert len(issued) == 2 and "营业执照" not in str([event.facts for event in issued])
        assert db.session.scalars(select(Submission).order_by(Submission.id)).all() == [row, withdrawn]
