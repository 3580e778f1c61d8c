"""Every document says what the rows say, to those who may read it, and never changes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import app.documents as documents
from app import clock as app_clock
from app.audit import SYSTEM, Event
from app.documents.models import Document
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.results.models import SelectionNotice
from app.storage import read_all
from tests import factories
from tests.app.documents import cast, printed


def words(document: Document, folder: Path) -> str:
    return printed.flat(read_all(document.blob_key), folder)


def test_the_qualification_form_is_the_plans_with_votes_and_annexes(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = cast.reviewed(2)
        text = words(documents.issue_qualification_form(made.candidates[-1], actor=SYSTEM), tmp_path)
        passed = words(documents.issue_qualification_form(made.candidates[0], actor=SYSTEM), tmp_path)
    for phrase in ("序号审查项目评议内容审查结果", "资格符合性审查表", "评委（签名）：", "日期：", "一项否决"):
        assert phrase in text
    assert "全体评委5席，同意3票（得票须超过2/3）：不通过" in text
    assert text.count("（评委个人）") == 5
    # The panel's conclusion and the two experts' own; the other three found it in order.
    assert text.count("结论不合格") == 3 and text.count("结论合格") == 3
    assert passed.count("结论合格") == 6 and "不合格的事由" not in passed


def test_names_are_secret_until_the_results_are_published(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = cast.reviewed(2)
        for issue, about in (
            (documents.issue_review_report, made.review),
            (documents.issue_score_summary, made.review),
            (documents.issue_score_sheet, made.seats[0]),
            (documents.issue_qualification_form, made.candidates[-1]),
        ):
            text = words(issue(about, actor=SYSTEM), tmp_path)
            assert not any(name in text for name in cast.NAMES)
            assert "评委一" in text
        with unit_of_work():
            made.recruitment.stage = "publicity"
        text = words(documents.issue_review_report(made.review, actor=SYSTEM), tmp_path)
    assert all(name in text for name in cast.NAMES)


def test_the_report_holds_ranking_votes_and_dissent(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = cast.reviewed(4)
        text = words(documents.issue_review_report(made.review, actor=SYSTEM), tmp_path)
        names = [candidate.name for candidate in made.candidates]
    assert all(name in text for name in names)
    assert "有异议" in text and "对第六项的认定有保留意见" in text
    assert "推荐入选" in text and "同意3票/全体5席" in text
    assert "不足10家" in text


def test_a_sheet_that_others_may_not_see_yet_is_for_its_seat_alone(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        made = cast.reviewed(2)
        people = factories.staffed(made.recruitment)
        mine, other = factories.make_user(), factories.make_user()
        with unit_of_work():
            mine.expert_id, other.expert_id = made.seats[0].expert_id, made.seats[1].expert_id
            sheet = db.session.scalar(
                select(cast.ScoreSheet).where(cast.ScoreSheet.seat_id == made.seats[2].id)
            )
            assert sheet is not None
            sheet.stage, sheet.signed_at = "open", None
        for expert in (mine, other):
            factories.enrol(expert, made.recruitment, "expert")
        document = documents.issue_score_sheet(made.seats[0], actor=SYSTEM)
        assert document.audience == "seat"
        address, listing = f"/documents/{document.public_id}", f"/r/{made.recruitment.public_id}/documents"
        with pytest.raises(Refusal, match="document_not_ready"):
            documents.issue_score_summary(made.review, actor=SYSTEM)
        for person, status in ((mine, 200), (other, 403), (people["staff"], 403), (people["supervisor"], 403)):
            browser = app.test_client()
            factories.login(browser, person)
            assert browser.get(address).status_code == status
            assert (document.public_id in browser.get(listing).get_data(as_text=True)) == (status == 200)
    assert client.get(address).status_code == 302


def test_a_vendor_reads_its_own_notice_and_no_other(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    with app.app_context():
        made = cast.reviewed(3, "awarded")
        people = factories.staffed(made.recruitment)
        agents = []
        for body in made.vendors:
            agents.append(factories.make_user())
            factories.join(agents[-1], body)
        issued = []
        for number, candidate in enumerate(made.candidates, 1):
            with unit_of_work() as session:
                notice = SelectionNotice(
                    recruitment_id=made.recruitment.id,
                    candidate_id=candidate.id,
                    kind="not_selected" if candidate.stage == "eliminated" else "selected",
                    number=f"样例〔2023〕{number}号",
                    issued_on=app_clock.today(),
                    issued_at=app_clock.now(),
                    issued_by_id=people["staff"].id,
                )
                session.add(notice)
                session.flush()
                document = documents.issue_selection_notice(notice, actor=SYSTEM)
            assert notice.document_id == document.id
            issued.append(document)
        assert "确定你单位为入选服务商" in words(issued[0], tmp_path)
        assert "第9项未加盖法定代表人印章" in words(issued[-1], tmp_path)
        addresses = [f"/documents/{document.public_id}" for document in issued]
        for place, agent in enumerate(agents):
            browser = app.test_client()
            factories.login(browser, agent)
            got = [browser.get(address).status_code for address in addresses]
            assert got == [200 if number == place else 403 for number in range(3)]


def test_issuing_again_supersedes_and_keeps_the_earlier_one(app: Flask) -> None:
    with app.app_context():
        made = cast.reviewed(2)
        first = documents.issue_score_summary(made.review, actor=SYSTEM)
        before = read_all(first.blob_key)
        second = documents.issue_score_summary(made.review, actor=SYSTEM)
        db.session.refresh(first)
        assert first.superseded_at is not None and second.superseded_at is None
        assert read_all(first.blob_key) == before
        kinds = list(db.session.scalars(select(Event.kind).where(Event.kind == "document.issued")))
        assert len(kinds) == 2


def test_what_is_ordered_in_a_rolled_back_transaction_is_never_issued(app: Flask) -> None:
    with app.app_context():
        made = cast.reviewed(2)
        with pytest.raises(RuntimeError), unit_of_work():
            documents.order_document("score_summary", made.review, recruitment=made.recruitment, actor=SYSTEM)
            raise RuntimeError
        assert db.session.scalar(select(Document)) is None
        with unit_of_work():
            documents.order_document("score_summary", made.review, recruitment=made.recruitment, actor=SYSTEM)
        assert db.session.scalar(select(Document.kind)) == "score_summary"


def test_staff_order_and_print_everything_of_a_stage(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        made = cast.reviewed(2)
        staff = factories.staffed(made.recruitment)["staff"]
        base = f"/r/{made.recruitment.public_id}/documents"
        factories.login(client, staff)
        assert client.get(f"{base}/print/scoring").status_code == 422
        for kind in ("score_sheet", "score_summary", "score_matrix"):
            assert client.post(f"{base}/order", data={"kind": kind}).status_code == 303
        answer = client.get(f"{base}/print/scoring")
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            names = archive.namelist()
            assert len(names) == 8 and "文件清单.txt" in names
            assert sum(name.startswith("综合评分表/") for name in names) == 5
            matrix = next(name for name in names if name.endswith(".xlsx"))
            assert openpyxl.load_workbook(io.BytesIO(archive.read(matrix))).sheetnames[0] == "评分汇总"
        # What belongs to a later stage is refused with a sentence, and nothing of it is made.
        refused = client.post(f"{base}/order", data={"kind": "result_notice"})
        assert refused.status_code == 422 and "评审结果公示" in refused.get_data(as_text=True)
        page = client.get(base).get_data(as_text=True)
        assert "综合评分表" in page and "打包下载" in page
        jobs = client.get(f"/r/{made.recruitment.public_id}/jobs").get_data(as_text=True)
        assert "已完成" in jobs and "生成文件" in jobs


def test_the_public_sees_public_documents_only(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    with app.app_context():
        made = cast.reviewed(2, "publicity")
        shown = [
            documents.issue_notice(made.recruitment, actor=SYSTEM),
            documents.issue_plan_pdf(made.recruitment, actor=SYSTEM),
            documents.issue_result_notice(made.recruitment, actor=SYSTEM),
        ]
        hidden = documents.issue_score_summary(made.review, actor=SYSTEM)
        assert "公示期限" in words(shown[2], tmp_path) and "补充说明" in words(shown[1], tmp_path)
        for document in shown:
            answer = client.get(f"/documents/{document.public_id}")
            assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
            assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        assert client.get(f"/documents/{hidden.public_id}").status_code == 302
        page = client.get(f"/r/{made.recruitment.public_id}/documents").get_data(as_text=True)
    assert all(document.public_id in page for document in shown)
    assert hidden.public_id not in page


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "回执\x07\n.pdf", "长" * 300 + ".pdf", 'a"b<c>.pdf'],
    ids=["path", "control", "long", "marks"],
)
def test_file_names_are_safe(name: str) -> None:
    from app.documents.issue import safe_name

    made = safe_name(name)
    assert len(made.encode()) <= 255
    assert not set(made) & set('/\\"<>\n\x07')


def test_acceptance_report_lists_every_item_with_its_signer(app: Flask, tmp_path: Path) -> None:
    from onboarding.models import Integration, Programme, Requirement, RequirementState

    with app.app_context():
        made = cast.reviewed(2, "integration")
        operator = factories.staffed(made.recruitment)["operator"]
        with unit_of_work() as session:
            programme = Programme(plan_digest=cast.DIGEST, rules={}, created_at=app_clock.now())
            session.add(programme)
            session.flush()
            made.recruitment.programme_id = programme.id
            integration = Integration(
                programme_id=programme.id,
                candidate_ref=made.candidates[0].public_id,
                vendor_name=made.candidates[0].name,
                credit_code=made.candidates[0].credit_code,
                event_on=app_clock.today(),
                working_days=30,
                deadline_on=app_clock.today(),
                calendar_version="样例",
            )
            session.add(integration)
            session.flush()
            states: list[Any] = []
            for number in (1, 2):
                requirement = Requirement(
                    programme_id=programme.id,
                    key=f"std.{number}",
                    sort=number,
                    group="std",
                    title=f"样例要求{number}",
                    text="样例内容",
                )
                session.add(requirement)
                session.flush()
                states.append(RequirementState(integration_id=integration.id, requirement_id=requirement.id))
            session.add_all(states)
        with pytest.raises(Refusal, match="document_not_ready"):
            documents.issue_acceptance_report(integration, actor=SYSTEM)
        with unit_of_work():
            for state in states:
                state.stage, state.decided_by, state.decided_at = "accepted", operator.public_id, app_clock.now()
        text = words(documents.issue_acceptance_report(integration, actor=SYSTEM), tmp_path)
    assert "样例要求1" in text and "样例要求2" in text
    assert text.count("样例平台人员") == 2 and "全部2项要求通过验收" in text
