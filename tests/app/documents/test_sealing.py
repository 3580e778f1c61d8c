"""The recruitment's seal: made once, its key encrypted, followed by another when it is revoked."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.audit import SYSTEM
from app.documents import issue_notice, sealing
from app.documents.engine import Spot
from app.documents.models import RecruitmentSeal
from app.extensions import db, unit_of_work
from app.review.wrapping import NotOpened
from app.storage import read_all
from seal_core import TrialCA, Verdict, read_seal, verify
from tests import factories
from tests.app.documents.sealed import assert_sealed, trust


def test_the_notice_is_sealed_with_a_seal_that_says_it_is_a_trial(app: Flask) -> None:
    with app.app_context():
        recruitment = factories.make_recruitment()
        first = issue_notice(recruitment, actor=SYSTEM)
        report = assert_sealed(first)
        row = db.session.scalars(select(RecruitmentSeal)).one()
        organiser = sealing.organiser_of(recruitment)
        assert row.name == f"{organiser}（试用）" and first.facts["seal"]["serial"] == row.serial
        info = read_seal(row.seal).info
        assert info.name == row.name and (info.width_mm, info.height_mm) == (40, 40)
        assert report.signatures[0].seal is not None
        assert_sealed(issue_notice(recruitment, actor=SYSTEM))
        assert db.session.scalars(select(RecruitmentSeal)).one().id == row.id
        # The row alone signs nothing: another authority does not open the key.
        held = sealing.seal_of(recruitment)
        assert held.private.to_der().hex() not in str(row.sealed_key)
        app.extensions.pop("open_seals")
        mine = app.extensions["trial_authority"]
        app.extensions["trial_authority"] = TrialCA.create("别家", now=clock.now())
        with pytest.raises(NotOpened):
            sealing.seal_of(recruitment)
        app.extensions["trial_authority"] = mine
        with unit_of_work():
            row = db.session.scalars(select(RecruitmentSeal)).one()
            row.revoked_at, row.revocation_reason, row.reason = clock.now(), 1, "样例：怀疑泄露"
        again = issue_notice(recruitment, actor=SYSTEM)
        assert_sealed(again)
        assert again.facts["seal"]["serial"] != row.serial
        assert [one.number for one in db.session.scalars(select(RecruitmentSeal))] == [1, 2]
        # What the revoked seal signed before stays what it was, and the report tells of the revocation.
        at = clock.now()
        old = verify(read_all(first.blob_key), trust(at), at)
        assert old.signatures[0].intact and old.verdict is not Verdict.UNSIGNED


def test_a_seal_never_leaves_the_page(app: Flask) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from weasyprint import HTML

    data = HTML(string="<p>样例</p>").write_pdf()
    with app.app_context():
        recruitment = factories.make_recruitment()
        for spot in (None, Spot(1, 3.0, 4.0), Spot(1, 209.0, 296.0)):
            signed, noted = sealing.seal_pdf(recruitment, data, spot)
            now = clock.now()
            found = verify(signed, trust(now), now)
            assert found.verdict is Verdict.VALID and noted["serial"]
            page = PdfFileReader(io.BytesIO(signed)).root["/Pages"]["/Kids"][0]
            left, bottom, right, top = (float(number) for number in page["/Annots"][0]["/Rect"])
            _, _, wide, high = (float(number) for number in page["/MediaBox"])
            assert 0 < left < right < wide and 0 < bottom < top < high
