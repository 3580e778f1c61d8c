"""The limited process: right answers, trial apart from production, and nothing that a hostile file can break."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from app.acceptance import authority
from app.acceptance.authority import trial_authority
from app.config import Settings
from app.errors import Refusal
from app.verification import examine as room
from app.verification.examine import Busy, examine
from app.verification.present import view
from app.verification.probe import drawn
from seal_core import PdfProfile
from tests.app.verification.papers import blank, changed, papers
from tests.harness.clock import HandClock
from tests.seal_core import making
from tests.seal_core.making import png
from tests.seal_core.test_hostile import lying_zip, pdf_bomb, zip_bomb

pytestmark = pytest.mark.database("sqlite")


def adjust(app: Flask, **settings: Any) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update=settings)


def codes(report: dict[str, Any]) -> set[str]:
    told = [*report["findings"], *(row for one in report["signatures"] for row in one["details"] + one["findings"])]
    return {row["code"] for row in told}


def test_what_is_sealed_under_the_trial_authority_is_valid_on_trial_only(
    app: Flask, clock: HandClock, tmp_path: Path
) -> None:
    with app.app_context():
        now = clock.now
        made = papers(now)
        ofd, pdf, plain = made.ofd(), made.pdf(), b"contract"
        for data, kind in ((ofd, "ofd"), (pdf, "pdf"), (made.seal(), "esl"), (made.pdf(PdfProfile.STANDARD), "pdf")):
            report = examine(data, "样例", now)
            assert (report["format"], report["verdict"], report["trial"]) == (kind, "TRIAL_VALID", True)
            (one,) = report["signatures"]
            assert (one["intact"], one["trusted"], one["time_valid"]) == (True, True, True)
            assert one["signer" if kind != "esl" else "seal"]["name"].startswith("样例数据有限公司")
            # The stamp is told as a picture of our own making, from the seal or from the page.
            (picture,) = report["pictures"]
            shown = Image.open(io.BytesIO(base64.b64decode(picture["png"])))
            assert shown.format == "PNG" and one["picture"] == picture["id"]
            red, green, _blue, *_ = shown.convert("RGB").getpixel((shown.width // 2, shown.height // 2))
            assert red > 150 > green
        message = made.p7(plain)
        assert examine(message, "m.p7", now)["verdict"] == "INDETERMINATE"
        for content, verdict in ((plain, "TRIAL_VALID"), (plain + b"!", "INVALID")):
            (tmp_path / "content").write_bytes(content)
            assert examine(message, "m.p7", now, content=tmp_path / "content")["verdict"] == verdict
        # Tampered twins, each with its reason.
        page = "Doc_0/Pages/Page_0/Content.xml"
        twin = changed(ofd, lambda files: files.update({page: files[page] + b" "}))
        told = examine(twin, "t.ofd", now)
        assert told["verdict"] == "INVALID" and "FILE_DIGEST" in codes(told)
        added = examine(changed(ofd, lambda files: files.update({"added.xml": b"<a/>"})), "t.ofd", now)
        assert added["verdict"] == "INDETERMINATE" and "UNCOVERED_FILE" in codes(added)
        bent = bytearray(pdf)
        bent[bent.index(b"stream") + 30] ^= 1
        assert examine(bytes(bent), "t.pdf", now)["verdict"] == "INVALID"
        assert examine(blank(1), "u.pdf", now)["verdict"] == "UNSIGNED"
        # Every report reads in Chinese.
        shown_view = view(told)
        assert shown_view.word == "无效" and any("改动" in row.sentence for row in shown_view.signatures[0].reasons)


def test_trust_is_the_installations_own(
    app: Flask, clock: HandClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with app.app_context():
        now = clock.now
        made = papers(now)
        ofd = made.ofd()
        serial = made.unit.certificate.serial
        for moment, verdict in ((now - timedelta(hours=2), "INVALID"), (now - timedelta(minutes=5), "TRIAL_VALID")):
            monkeypatch.setattr(authority, "revoked_serials", lambda at=moment: {serial: (at, 1)})
            report = examine(ofd, "a.ofd", now)
            assert report["verdict"] == verdict
            assert codes(report) & {"SIGNER_REVOKED_BEFORE_SIGN", "REVOKED_AFTER_SIGNING"}
        monkeypatch.setattr(authority, "revoked_serials", dict)
        # A foreign authority is unknown until its certificate stands in the folder of production anchors.
        foreign = making.world()
        from tests.seal_core.test_pdf import signed

        later = making.LATER
        paper = signed(foreign, seal=foreign.seal(), profile=PdfProfile.SEAL)
        assert examine(paper, "f.pdf", later)["verdict"] == "INDETERMINATE"
        (tmp_path / "anchors").mkdir()
        (tmp_path / "anchors" / "root.pem").write_bytes(foreign.ca.root.to_pem() + foreign.ca.certificate.to_pem())
        adjust(app, trust_folder=tmp_path / "anchors")
        report = examine(paper, "f.pdf", later)
        # Its names carry the mark of a trial, so even the folder of production anchors makes nothing more of it.
        assert (report["verdict"], report["signatures"][0]["trusted"]) == ("TRIAL_VALID", True)
        broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
        (tmp_path / "anchors" / "broken.pem").write_bytes(broken)
        with pytest.raises(Busy) as busy:
            examine(paper, "f.pdf", later)
        assert busy.value.code == "verify_unavailable"
        assert trial_authority().root.common_name.startswith("印招试用")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "verify_empty"),
        (b"hello", "verify_not_document"),
        (b"\x30\x84\x7f\xff\xff\xff" + bytes(1 << 20), "verify_not_document"),
        (zip_bomb(), "malformed"),
        (lying_zip(), "malformed"),
        (pdf_bomb(), "malformed"),
    ],
    ids=["empty", "text", "lying length", "zip bomb", "lying zip", "pdf bomb"],
)
def test_what_is_no_document_is_refused_with_a_code(app: Flask, clock: HandClock, data: bytes, code: str) -> None:
    with app.app_context():
        with pytest.raises(Refusal) as refused:
            examine(data, "x", clock.now)
        assert refused.value.code == code


def test_a_process_that_hangs_eats_or_dies_is_a_clear_answer(
    app: Flask, clock: HandClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused() -> str:
        with pytest.raises(Refusal) as found:
            examine(b"%PDF-1.7\n", "x.pdf", clock.now, patience=0.1)
        return found.value.code

    with app.app_context():
        adjust(app, verify_memory_bytes=1)
        assert refused() == "verify_too_costly"
        adjust(app, verify_memory_bytes=1 << 30, verify_wall_seconds=0.01)
        assert refused() == "verify_too_costly"
        adjust(app, verify_wall_seconds=2)
        for wrong in (
            "import sys; sys.exit(3)", "import os; os.abort()", "print('{\"report\": ')", "print('[1]')",
            "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        ):
            (tmp_path / "probe.py").write_text(wrong)
            monkeypatch.setattr(room, "PROBE", tmp_path / "probe.py")
            assert refused() == "verify_too_costly", wrong
        # A process that dies over a picture has told its report before; and it was given no secret.
        (tmp_path / "probe.py").write_text(
            "import json, os, sys\n"
            "order = json.load(sys.stdin)\n"
            "print(json.dumps({'report': {'verdict': 'UNSIGNED', 'seen': sorted(os.environ)}}), flush=True)\n"
            "print('{\"picture\": {\"id', flush=True)\nos.abort()\n"
        )
        monkeypatch.setenv("YINZHAO_SECRET_KEY", "secret")
        report = examine(b"%PDF-1.7\n", "x.pdf", clock.now)
        assert report["pictures"] == [] and not any("YINZHAO" in name for name in report["seen"])
        # Beyond the places there are, a visitor waits a while and is asked to come again.
        places = app.extensions["verification_places"]
        held = [places.acquire(blocking=False) for _ in range(app.config["SETTINGS"].verify_at_once)]
        assert all(held) and refused() == "verify_busy"
        for _ in held:
            places.release()


def test_hostile_pictures_are_left_out(tmp_path: Path) -> None:
    out, width, height = drawn(png(900, 300), "png")
    assert out.startswith(b"\x89PNG") and (width, height) == (480, 160)
    circle = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="red"/></svg>'
    shown = Image.open(io.BytesIO(drawn(circle, "SVG")[0]))
    assert shown.getpixel((shown.width // 2, shown.height // 2))[:3] == (255, 0, 0)
    secret = tmp_path / "secret.png"
    secret.write_bytes(png(10, 10))
    reads = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
        b'<image width="9" height="9" xlink:href="' + secret.as_uri().encode() + b'"/></svg>'
    )
    bomb = bytearray(png(4, 4))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    for picture, kind in ((reads, "svg"), (bytes(bomb), "png"), (b"BM", "bmp"), (b"", "png"), (b"PK\x03\x04", "ofd")):
        try:
            data = drawn(picture, kind)[0]
        except Exception:
            continue
        # Drawn without what it wanted to fetch.
        assert Image.open(io.BytesIO(data)).convert("RGBA").getextrema()[3] == (0, 0), kind


def test_settings_of_the_limits_are_checked() -> None:
    with pytest.raises(ValueError):
        Settings(verify_at_once=0)
    assert json.loads(Settings().model_dump_json())["verify_keep_hours"] == 24
