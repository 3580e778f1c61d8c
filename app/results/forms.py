"""The shape of what is entered after the ranking."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from app.choices import options
from app.errors import Refusal
from app.results.complaints import EFFECTS
from app.wording import LABELS, sentence_for
from evaluation.objections import SUBJECTS
from evaluation.review_reopening import CAUSES

NEEDED = "请填写此项。"
CHOOSE = "请选择。"
DAY = "日期格式不正确，例如 2023-07-17。"
LONG = "最多 4000 个字。"


def day_field(label: str, *, required: bool = True, hint: str = "") -> DateField:
    """A calendar day; an unreadable one is told on the field."""
    return DateField(label, [InputRequired(DAY) if required else Optional()], description=hint)


def text_area(label: str, *, required: bool = True, hint: str = "", rows: int = 4) -> TextAreaField:
    """Some paragraphs."""
    return TextAreaField(
        label,
        [DataRequired(NEEDED) if required else Optional(), Length(max=4000, message=LONG)],
        description=hint,
        render_kw={"rows": rows, "maxlength": 4000},
    )


def line(label: str, most: int, *, required: bool = True) -> StringField:
    """One line of text."""
    return StringField(
        label,
        [DataRequired(NEEDED) if required else Optional(), Length(max=most, message=f"最多 {most} 个字。")],
    )


def words(group: str, keys: Any) -> list[tuple[str, str]]:
    """The choices of a select with their Chinese words."""
    return [(key, LABELS[group].get(key, key)) for key in keys]


class DatesForm(FlaskForm):
    starts_on = day_field("公示开始日期")
    ends_on = day_field("公示结束日期")
    reason = text_area("调整理由", hint="理由记入项目决定，并可供监督人员查阅。", rows=2)
    version = HiddenField()


class ObjectionForm(FlaskForm):
    """A vendor's objection."""

    subject = RadioField("质疑对象", [InputRequired(CHOOSE)], choices=options(words("objection_subject", SUBJECTS)))
    against = SelectField("所涉服务商（选填）", [Optional()], choices=[], validate_choice=False)
    text = text_area("质疑事项和事实依据", hint="写明具体事项、事实依据和请求；每件质疑只写一个对象。", rows=8)
    file = FileField("证明材料（选填）", description="PDF、OFD、PNG、JPEG、ZIP 或 DOCX，不超过 20 MB。")


class PaperForm(ObjectionForm):
    """An objection that came on paper."""

    organisation = SelectField("提出质疑的服务商", [InputRequired(CHOOSE)], choices=[], validate_choice=False)
    received_at = DateTimeLocalField(
        "收到时间（北京时间）", [InputRequired(NEEDED)], format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    )


class AnswerForm(FlaskForm):
    upheld = RadioField(
        "结论", [InputRequired(CHOOSE)], choices=options([("no", "质疑不成立"), ("yes", "质疑成立")])
    )
    text = text_area("事实和理由", hint="书面答复质疑服务商，须逐项说明。", rows=8)
    version = HiddenField()


class ComplaintForm(FlaskForm):
    complainant = line("投诉人", 200)
    authority = line("受理机关", 200)
    received_on = day_field("收到日期")
    text = text_area("投诉事项")


class OrderForm(FlaskForm):
    on = day_field("决定日期")
    effect = SelectField("决定内容", [InputRequired(CHOOSE)], choices=options(words("order_effect", EFFECTS)))
    text = text_area("决定要点", rows=2)
    version = HiddenField()


class ContractForm(FlaskForm):
    signed_on = day_field("签订日期")
    number = line("合同编号", 60, required=False)
    agreement = BooleanField("服务商入选协议已一并签订")
    note = text_area("备注", required=False, rows=2)
    file = FileField("合同扫描件")
    version = HiddenField()


class ScanForm(FlaskForm):
    agreement = BooleanField("服务商入选协议已签订")
    file = FileField("扫描件")


class PaidForm(FlaskForm):
    paid_on = day_field("日期", required=False)
    version = HiddenField()


class IssueForm(FlaskForm):
    issued_on = day_field("发出日期", hint="各项期限自发出之日的次日起算。")


class ReReviewForm(FlaskForm):
    cause = SelectField(
        "法定事由", [InputRequired(CHOOSE)], choices=options([("", "—— 选择 ——"), *words("cause", CAUSES)])
    )
    candidates = SelectMultipleField("涉及的服务商", choices=[], validate_choice=False)
    items = SelectMultipleField("涉及的评分项目", choices=[], validate_choice=False)
    reason = text_area("事实和理由", rows=3)


def require_valid(form: FlaskForm) -> None:
    """Refuse a small form that is not right, naming each field; for forms whose page is not shown again."""
    if form.validate_on_submit():
        return
    told = [
        f"{form[name].label.text}：{'；'.join(str(error) for error in errors)}"
        for name, errors in form.errors.items()
        if name in form
    ]
    raise Refusal("result_form", told=" ".join(told) or "内容不完整。")


def refused(form: FlaskForm, error: Refusal) -> int:
    """Put a refusal beside its field (or above the form) and return the answer's status."""
    sentence = sentence_for(error)
    if error.field and error.field in form:
        form[error.field].errors = [*form[error.field].errors, sentence]
    else:
        form.form_errors = [*form.form_errors, sentence]
    return error.status
