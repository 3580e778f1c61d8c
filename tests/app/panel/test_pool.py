"""The expert pool: by hand, from a workbook, all or nothing; and hostile files."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from app.audit import SYSTEM, Event
from app.errors import Refusal
from app.extensions import db
from app.panel import pool, workbook
from app.panel.conflicts import Person, Vendor, digits, find, same_body
from evaluation import credit
from evaluation.models import Expert
from tests import factories
from tests.app.accounts.kept import keep

CODE = credit.make_sample("91460000000000001")
ROW = ("样例-01", "样例甲", "样例大学", "教授", "密码", "0898-12345678", "a@example.invalid", "", "在库")


def book(*rows: Any, head: Any = None) -> bytes:
    made = Workbook()
    sheet = made.active
    sheet.append(head or [field.heading for field in workbook.FIELDS])
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def row(**changes: Any) -> list[Any]:
    keys = [field.key for field in workbook.FIELDS]
    return [changes.get(key, value) for key, value in zip(keys, ROW, strict=True)]


def errors(data: bytes) -> list[str]:
    with pytest.raises(workbook.PoolRefused) as refused:
        workbook.read(data)
    return [f"{error.row}{error.column} {error.text}" for error in refused.value.errors]


def test_the_template_is_read_back_without_its_sample(app):
    data = workbook.template()
    sheet = load_workbook(io.BytesIO(data)).active
    assert [cell.value for cell in sheet[1]] == [field.heading for field in workbook.FIELDS]
    with pytest.raises(Refusal, match="pool_file_nobody"):
        workbook.read(data)
    filled = load_workbook(io.BytesIO(data))
    filled.active.append(list(ROW))
    target = io.BytesIO()
    filled.save(target)
    assert [one.values["code"] for one in workbook.read(target.getvalue())] == ["样例-01"]


def test_a_workbook_comes_in_whole(app):
    with app.app_context():
        rows = [
            row(relations=f"样例公司：曾任职；{CODE.lower()}:亲属任职"),
            row(code=17, name="样例乙", phone=13800001111, active=None),
            [None] * 9,
            row(code="样例-03", active="停用", email=None),
        ]
        done = pool.import_experts(actor=SYSTEM, data=book(*rows))
        assert (done.added, done.updated, done.unchanged) == (3, 0, 0)
        found = {one.code: one for one in db.session.scalars(select(Expert))}
        assert found["样例-01"].relations == [
            {"name": "样例公司", "relation": "曾任职"},
            {"credit_code": CODE, "relation": "亲属任职"},
        ]
        assert (found["17"].phone, found["17"].active, found["样例-03"].active) == ("13800001111", True, False)
        again = pool.import_experts(actor=SYSTEM, data=book(row(name="样例甲改"), row(code="17", name="样例乙")))
        assert (again.added, again.updated) == (0, 2)
        event = db.session.scalars(select(Event).where(Event.kind == "experts.imported")).all()[-1]
        assert event.facts == {"added": 0, "updated": 2, "count": 2}


def test_every_wrong_cell_is_named_and_nothing_is_imported(app):
    rows = [
        row(),
        row(name="", email="nowhere", phone="call me"),
        row(code="样例-01", active="在职"),
        row(code="", employer="长" * 201),
        row(code="样例-05", relations="没有冒号"),
        row(code="样例-06", relations=f"{CODE[:-1]}0：任职" if CODE[-1] != "0" else f"{CODE[:-1]}1：任职"),
        row(code="样例-07", name="=HYPERLINK(\"http://example.invalid\")"),
        row(code="样例\n08"),
    ]
    with app.app_context():
        found = errors(book(*rows))
        assert [text.split(" ")[0] for text in found] == [
            "3B", "3F", "3G", "3A", "4I", "4A", "5A", "5C", "6H", "7H", "8B", "9A",
        ]
        assert "不能是公式" in found[10] and "第 2 行重复" in found[3]
        with pytest.raises(workbook.PoolRefused):
            pool.import_experts(actor=SYSTEM, data=book(*rows))
        assert db.session.scalar(select(func.count()).select_from(Expert)) == 0
    assert errors(book(head=["编号", "名字"]))[0].startswith("1B 表头应为“姓名”")


def repacked(data: bytes, change: Any) -> bytes:
    """The workbook with its parts changed: name → bytes, returns the parts to keep."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in change(parts).items():
            packed.writestr(name, content)
    return target.getvalue()


GOOD = book(ROW)
SHEET = "xl/worksheets/sheet1.xml"


def entity(parts: dict[str, bytes]) -> dict[str, bytes]:
    lol = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    return {**parts, SHEET: lol + parts[SHEET].split(b"?>", 1)[-1]}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "pool_file_empty"),
        (b"x" * (workbook.MAX_BYTES + 1), "pool_file_large"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100, "pool_file_old"),
        (b"%PDF-1.4", "pool_file_type"),
        (GOOD[: len(GOOD) // 2], "pool_file_type"),
        (repacked(GOOD, lambda parts: {"a.txt": b"no workbook"}), "pool_file_type"),
        (repacked(GOOD, lambda parts: {**parts, "xl/vbaProject.bin": b"macro"}), "pool_file_macro"),
        (
            repacked(
                GOOD,
                lambda parts: {
                    **parts,
                    "[Content_Types].xml": parts["[Content_Types].xml"].replace(
                        b"sheet.main", b"sheet.macroEnabled.main"
                    ),
                },
            ),
            "pool_file_macro",
        ),
        (repacked(GOOD, lambda parts: {**parts, "big.bin": b"0" * (61 * 1024 * 1024)}), "pool_file_bomb"),
        (
            repacked(GOOD, lambda parts: {**parts, **{f"p{n}.bin": b"" for n in range(600)}}),
            "pool_file_bomb",
        ),
        (repacked(GOOD, entity), "pool_file_unreadable"),
        (repacked(GOOD, lambda parts: {**parts, SHEET: b"<broken"}), "pool_file_unreadable"),
    ],
    ids=[
        "empty", "large", "old", "pdf", "truncated", "no workbook", "macro", "macro type", "bomb", "many parts",
        "entities", "broken sheet",
    ],
)
def test_a_hostile_file_is_refused_with_a_sentence(data: bytes, code: str) -> None:
    from app.wording import REFUSALS

    with pytest.raises(Refusal) as refused:
        workbook.read(data)
    assert refused.value.code == code and code in REFUSALS


def test_a_far_row_costs_no_memory_and_too_many_rows_are_refused() -> None:
    far = Workbook()
    far.active.append([field.heading for field in workbook.FIELDS])
    for place, value in enumerate(ROW, 1):
        far.active.cell(row=1_000_000, column=place, value=value)
    target = io.BytesIO()
    far.save(target)
    with pytest.raises(Refusal, match="pool_file_nobody"):
        workbook.read(target.getvalue())
    many = book(*(row(code=f"N{n}") for n in range(workbook.MAX_ROWS + 1)))
    with pytest.raises(Refusal, match="pool_file_rows"):
        workbook.read(many)


def test_the_pool_in_the_browser(app, client):
    with app.app_context():
        admin = factories.make_user("样例管理员", is_admin=True)
        outsider = factories.make_user("样例旁人")
        keep(admin, outsider)
    factories.login(client, admin)
    page = client.get("/experts")
    assert "专家库还是空的" in page.text and "评审专家库" in page.text
    assert client.get("/experts/template.xlsx").data[:2] == b"PK"
    form = {
        "code": "样例-9", "name": "样例丁", "employer": "样例研究院", "title": "研究员", "speciality": "法律",
        "phone": "", "email": "", "relations": "样例公司：顾问",
    }
    wrong = client.post("/experts/new", data={**form, "name": "", "relations": "没有冒号"})
    assert wrong.status_code == 422 and "请填写此项" in wrong.text and "应写成" in wrong.text
    assert client.post("/experts/new", data=form).status_code == 303
    assert "已在专家库中" in client.post("/experts/new", data=form).text
    with app.app_context():
        expert = db.session.scalars(select(Expert)).one()
        ref, version = expert.public_id, expert.version
    changed = {**form, "title": "教授", "version": version}
    assert client.post(f"/experts/{ref}", data=changed).status_code == 303
    stale = client.post(f"/experts/{ref}", data={**changed, "title": "讲师"})
    assert stale.status_code == 409 and "教授" in stale.text and "讲师" in stale.text
    assert "请填写理由" in client.post(f"/experts/{ref}/active", data={"active": "0"}).text
    assert client.post(f"/experts/{ref}/active", data={"active": "0", "reason": "样例：退休"}).status_code == 303
    assert "停用" in client.get("/experts?state=inactive&q=样例丁").text
    upload = {"file": (io.BytesIO(book(ROW, row(code="样例-02", email="nowhere"))), "pool.xlsx")}
    refused = client.post("/experts/import", data=upload, content_type="multipart/form-data")
    assert refused.status_code == 422 and "有 1 处须改正" in refused.text and "G（电子邮箱）" in refused.text
    good = {"file": (io.BytesIO(GOOD), "pool.xlsx")}
    assert client.post("/experts/import", data=good, content_type="multipart/form-data").status_code == 303
    bad = client.post("/experts/import", data={}, content_type="multipart/form-data")
    assert bad.status_code == 422 and "没有收到文件" in bad.text
    other = app.test_client()
    factories.login(other, outsider)
    assert other.get("/experts").status_code == 403


def test_the_command_imports_or_lists_every_error(app, tmp_path):
    from app.commands.experts import experts

    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(GOOD)
    bad.write_bytes(book(row(name=""), row(code="x", email="nowhere")))
    runner = app.test_cli_runner()
    done = runner.invoke(experts, ["import", str(good)])
    assert done.exit_code == 0 and "新增 1 位" in done.output
    failed = runner.invoke(experts, ["import", str(bad)])
    assert failed.exit_code == 1
    assert "第 2 行 B 列（姓名）：不能为空" in failed.output and "共 2 处须改正" in failed.output
    blank = tmp_path / "blank.xlsx"
    assert runner.invoke(experts, ["template", str(blank)]).exit_code == 0
    assert runner.invoke(experts, ["template", str(blank)]).exit_code == 1


def test_the_command_replays_a_published_proof(app, clock, tmp_path):
    import json

    from app.commands.panel import panel
    from tests.app.panel.hall import drawn, make_hall

    with app.app_context():
        proof = drawn(make_hall(), clock).proof
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof), encoding="utf-8")
    runner = app.test_cli_runner()
    done = runner.invoke(panel, ["replay", str(path)])
    assert done.exit_code == 0 and "抽中（5）" in done.output and proof["drawn"][0] in done.output
    assert json.loads(runner.invoke(panel, ["replay", str(path), "--json"]).output)["ok"]
    path.write_text(json.dumps({**proof, "public_value": "00000"}), encoding="utf-8")
    failed = runner.invoke(panel, ["replay", str(path)])
    assert failed.exit_code == 1 and "随机种子" in failed.output
    assert runner.invoke(panel, ["replay", str(path), "--json"]).exit_code == 1
    path.write_text("{", encoding="utf-8")
    assert "不是抽取证明" in runner.invoke(panel, ["replay", str(path)]).output


def test_names_of_bodies_and_telephone_numbers_are_compared_as_people_write_them() -> None:
    assert same_body("样例科技有限公司", "样例科技股份有限公司")
    assert same_body("样例科技有限公司海南分公司", "样例科技有限公司")
    assert same_body("（样例）科技 有限公司", "(样例)科技有限公司")
    assert not same_body("样例大学", "样例科技有限公司")
    assert not same_body("公司", "样例科技有限公司")
    assert not same_body("", "")
    assert digits("+86 138-0000-1111") == digits("13800001111")
    assert digits("0898-１２３４５６７８") == "089812345678"
    hits = find(
        [Person("a", "样例甲", employer="样例大学", past={"C": "样例旧项目"}, drawn=True)],
        [Vendor(1, "样例公司一", "C"), Vendor(2, "样例公司二", "D")],
        ["样例招募方"],
    )
    assert [(hit.kind, hit.number) for hit in hits] == [("drawn_before", None), ("past_panel", 1)]
