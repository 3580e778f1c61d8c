"""Routes of a vendor's response: the workspace, the check, submitting, confirming, withdrawing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Answer
from flask_login import current_user

from app import clock
from app.accounts import company
from app.accounts.forms import refused
from app.accounts.models import Organisation
from app.errors import Conflict, Denied, NotFound, Refusal
from app.files import disposition, send_blob
from app.lifecycle import is_accepting, stage_now
from app.publication.models import Recruitment
from app.responses import actions, letters, package, queries, seals
from app.responses.content import DOCX
from app.responses.forms import DetailsForm, read_details
from app.responses.models import Response, ResponseFile, Submission
from app.responses.uploads import open_uploads
from app.routing import current_actor, permit
from app.verification.present import view
from app.verification.views import pdf_of
from app.wording import REFUSALS

bp = Blueprint("responses", __name__)


def _own_company() -> Organisation:
    found = company.own(current_user._get_current_object())
    if found is None:
        raise Denied("response_not_vendor")
    return found


def to_work(response: Response, anchor: str = "") -> Any:
    """Back to the workspace."""
    key = response.recruitment.public_id
    return redirect(url_for("responses.workspace", recruitment=key, _anchor=anchor or None), 303)


@bp.get("/r/<recruitment>/response")
@permit("response.mine")
def workspace(recruitment: Recruitment) -> Any:
    """The vendor's checklist with its files; before it is begun, what a response needs and how to begin."""
    organisation = _own_company()
    response = queries.response_of(recruitment, organisation)
    if response is not None:
        return workspace_page(response)
    return render_template(
        "responses/begin.html",
        recruitment=recruitment,
        organisation=organisation,
        items=[
            (entry, package.takes_files(entry), package.is_required(entry))
            for entry in package.items_of(recruitment)
        ],
        letters=letters.letters(recruitment),
        stage=stage_now(recruitment, clock.now()),
    )


@bp.post("/r/<recruitment>/response")
@permit("response.mine")
def begin(recruitment: Recruitment) -> Any:
    """Begin the vendor's response."""
    response = actions.begin(
        actor=current_actor(recruitment), recruitment=recruitment, organisation=_own_company()
    )
    return to_work(response)


@bp.get("/r/<recruitment>/response/letters/<name>")
@permit("response.mine")
def letter(recruitment: Recruitment, name: str) -> Answer:
    """A template, filled with what is known of the vendor."""
    file_name, data = letters.letter(recruitment, _own_company(), name)
    answer = Answer(data, mimetype=DOCX)
    answer.headers["Content-Disposition"] = disposition(file_name, inline=False)
    return answer


def workspace_page(response: Response, *, status: int = 200) -> Any:
    """The workspace as it stands, also after an upload that was refused."""
    recruitment = response.recruitment
    lines = package.checklist(response, package.present_files(response))
    listed = package.manifest(response)
    return (
        render_template(
            "responses/workspace.html",
            recruitment=recruitment,
            response=response,
            lines=lines,
            left=[line.no for line in lines if line.state == "missing"],
            unfinished=open_uploads(response),
            members=company.members(response.organisation),
            letters=letters.letters(recruitment),
            accepting=is_accepting(recruitment, clock.now()),
            stage=stage_now(recruitment, clock.now()),
            unconfirmed=package.needs_confirmation(response),
            changed=package.is_changed(response, package.digest_of(listed)),
            submissions=package.submissions(response),
            asks_ca=package.asks_ca(recruitment),
            prevails=package.prevailing(recruitment),
            paper_rules=package.section(recruitment, "responses", "rules") or [],
            place=package.section(recruitment, "publication", "contact", "place"),
            arrivals=queries.arrivals_of(response),
        ),
        status,
    )


@bp.get("/responses/<response>/check")
@permit("response.work")
def check(response: Response) -> str:
    """What is missing or odd, the manifest with its digest, and the way to submit it."""
    files = package.present_files(response)
    lines = package.checklist(response, files)
    listed = package.manifest(response)
    digest = package.digest_of(listed)
    return render_template(
        "responses/check.html",
        recruitment=response.recruitment,
        response=response,
        lines=lines,
        files=listed["files"],
        rows={file.public_id: file for file in files},
        titles={line.no: line.entry.get("title", "") for line in lines},
        digest=digest,
        found=package.check(response, lines, package.agent_of(response.organisation_id)),
        missing=package.missing_items(response, listed),
        accepting=is_accepting(response.recruitment, clock.now()),
        same=response.submission is not None and response.submission.manifest_sm3 == digest,
        unconfirmed=package.needs_confirmation(response),
        asks_ca=package.asks_ca(response.recruitment),
    )


@bp.post("/responses/<response>/submit")
@permit("response.edit")
def submit(response: Response) -> Any:
    """Submit what the check page showed."""
    row = actions.submit(
        actor=current_actor(response.recruitment),
        response=response,
        seen_sm3=request.form.get("seen", ""),
        accept_missing=request.form.get("accept_missing") == "yes",
    )
    return _received(row, "响应文件已递交")


@bp.post("/responses/<response>/confirm")
@permit("response.edit")
def confirm(response: Response) -> Any:
    """Say that the submission holds under the amended plan."""
    row = actions.confirm(
        actor=current_actor(response.recruitment), response=response, seen_sm3=request.form.get("seen", "")
    )
    return _received(row, "已确认响应文件继续有效")


@bp.post("/responses/<response>/withdraw")
@permit("response.edit")
def withdraw(response: Response) -> Any:
    """Take the submission back."""
    row = actions.withdraw(actor=current_actor(response.recruitment), response=response)
    return _received(row, "响应文件已撤回")


def _received(row: Submission, done: str) -> Any:
    moment = f"{clock.local(row.received_at):%Y-%m-%d %H:%M:%S}"
    flash(f"{done}（第 {row.number} 号），服务器收到时间 {moment}。回执正在生成。", "success")
    return redirect(url_for("responses.history", response=row.response.public_id), 303)


@bp.get("/responses/<response>/submissions")
@permit("response.work")
def history(response: Response) -> str:
    """Everything that was handed in, with its receipts."""
    rows = package.submissions(response)
    return render_template(
        "responses/history.html",
        recruitment=response.recruitment,
        response=response,
        rows=rows,
        receipts=queries.receipts(rows),
        accepting=is_accepting(response.recruitment, clock.now()),
    )


@bp.get("/submissions/<submission>/receipt")
@permit("response.work")
def receipt(submission: Submission) -> Any:
    """Where the receipt is: a fragment that asks again while it is being made, or the receipt itself."""
    found = queries.receipts([submission]).get(submission.id)
    if request.headers.get("HX-Request") or found is None:
        return render_template(
            "responses/_receipt.html" if request.headers.get("HX-Request") else "responses/receipt.html",
            row=submission,
            response=submission.response,
            recruitment=submission.response.recruitment,
            receipt=found,
        )
    return redirect(url_for("documents.show", document=found.public_id), 303)


@bp.get("/responses/<response>/details")
@permit("response.work")
def details(response: Response) -> Any:
    """Contact, certification authority, dates of the papers."""
    return _details_page(response, DetailsForm(formdata=None, obj=response), response.details or {})


@bp.post("/responses/<response>/details")
@permit("response.edit")
def set_details(response: Response) -> Any:
    """Save what was entered."""
    form = DetailsForm()
    items = [str(entry["no"]) for entry in package.items_of(response.recruitment) if package.takes_files(entry)]
    entered = read_details(request.form, items)
    if not form.validate_on_submit():
        return _details_page(response, form, entered, status=422)
    try:
        actions.set_details(
            actor=current_actor(response.recruitment),
            response=response,
            contact_name=form.contact_name.data or "",
            contact_phone=form.contact_phone.data or "",
            ca_name=form.ca_name.data or "",
            ca_licence=form.ca_licence.data or "",
            is_ca=bool(form.is_ca.data),
            details=entered,
            version=request.form.get("version", ""),
        )
    except Conflict:
        raise
    except Refusal as error:
        return _details_page(response, form, entered, status=refused(form, error))
    flash("填报内容已保存。已递交的响应文件不受影响，如需生效请重新递交。", "success")
    return to_work(response)


def _details_page(
    response: Response, form: DetailsForm, entered: dict[str, dict[str, str]], *, status: int = 200
) -> Any:
    return (
        render_template(
            "responses/details.html",
            recruitment=response.recruitment,
            response=response,
            form=form,
            entered=entered,
            items=[entry for entry in package.items_of(response.recruitment) if package.takes_files(entry)],
            asks_ca=package.asks_ca(response.recruitment),
            accepting=is_accepting(response.recruitment, clock.now()),
        ),
        status,
    )


@bp.get("/response-files/<file>")
@permit("response.work")
def file(file: ResponseFile) -> Answer:
    """A file of the own package: shown in place where a browser can, else a download."""
    return send_blob(
        file.blob_key, name=file.name, media_type=file.media_type, inline="download" not in request.args
    )


@bp.get("/response-files/<file>/seals")
@permit("response.work")
def seals_of_file(file: ResponseFile) -> Any:
    """What was found of the electronic seals in a file of the own package."""
    recruitment = file.response.recruitment
    key = recruitment.public_id
    return seals_page(
        file,
        recruitment=recruitment,
        back=("响应文件", url_for("responses.workspace", recruitment=key, _anchor=f"item-{file.item}")),
        again=url_for("responses.check_seals", file=file.public_id),
        pdf=url_for("responses.seals_pdf", file=file.public_id),
    )


def seals_page(file: ResponseFile, **context: Any) -> str:
    """The report on a file, or how far its check is."""
    report = seals.report_of(file)
    return render_template(
        "responses/seals.html",
        file=file,
        view=view(report) if report else None,
        reason=REFUSALS.get(file.seal_check.refusal, "") if file.seal_check else "",
        repeatable=seals.may_be_repeated(file),
        **context,
    )


@bp.get("/response-files/<file>/seals.pdf")
@permit("response.work")
def seals_pdf(file: ResponseFile) -> Answer:
    """The report on a file of the own package as a document."""
    return seals_document(file)


def seals_document(file: ResponseFile) -> Answer:
    """The kept report as a PDF. Raises NotFound where there is none."""
    report = seals.report_of(file)
    if not report:
        raise NotFound("not_found")
    return pdf_of(report)


@bp.post("/response-files/<file>/seals")
@permit("response.edit")
def check_seals(file: ResponseFile) -> Any:
    """Check a file's seals anew where the check failed."""
    seals.check_again(actor=current_actor(file.response.recruitment), file=file)
    flash("已重新安排检查，稍后刷新页面查看结果。", "success")
    return redirect(url_for("responses.seals_of_file", file=file.public_id), 303)


@bp.post("/response-files/<file>/remove")
@permit("response.edit")
def remove_file(file: ResponseFile) -> Any:
    """Take a file out of the package."""
    response = file.response
    actions.remove_file(actor=current_actor(response.recruitment), file=file)
    flash("文件已移出清单。", "success")
    return to_work(response, f"item-{file.item}")


from app.responses import views_staff, views_uploads  # noqa: E402,F401 - they add their routes to the blueprint
