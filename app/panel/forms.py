"""The forms of the pool, the draw and the panel: shapes of input only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from app.accounts.forms import NEEDED, email_field, phone_field, text_field
from app.choices import options
from app.errors import Refusal
from app.panel.actions import Relation
from app.panel.preparing import LEAST_DIGITS, MOST_DIGITS
from app.panel.workbook import parse_relations
from app.review.forms import read_moment
from app.wording import LABELS


class ExpertForm(FlaskForm):
    """One expert of the pool."""

    code = text_field("编号", 40, hint="专家库内唯一。")
    name = text_field("姓名", 80)
    employer = text_field("工作单位", 200, hint="填全称；抽取前据此核对是否须回避。")
    title = text_field("职称", 80, required=False)
    speciality = text_field("专业", 80, required=False, hint="招募方案按专业分配席位时据此抽取。")
    phone = phone_field(required=False)
    email = email_field(required=False)
    relations = TextAreaField(
        "已知利害关系",
        [Optional(), Length(max=2000, message="最多 2000 个字。")],
        description="每行一项，写成“单位：关系”，单位可写名称或统一社会信用代码。",
        render_kw={"rows": 3},
    )

    def validate_relations(self, field: Field) -> None:
        try:
            self.parsed = parse_relations(field.data or "")
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from None

    def values(self) -> dict[str, str]:
        """The texts as they go into the pool."""
        return {
            key: getattr(self, key).data or ""
            for key in ("code", "name", "employer", "title", "speciality", "phone", "email")
        }


class MomentField(StringField):
    """A `datetime-local` input, read as Shanghai time; `moment` is the instant."""

    moment: datetime | None = None

    def pre_validate(self, form: Any) -> None:
        self.moment = read_moment(self.data or "")
        if self.data and self.moment is None:
            raise ValidationError("时间无法识别，请按 2023-07-08 21:00 的格式填写。")


class PrepareForm(FlaskForm):
    """What is named when a draw is prepared."""

    mode = SelectField("抽取方式", [DataRequired(NEEDED)])
    cause = SelectField("法定事由", [Optional()])
    reason = TextAreaField(
        "理由",
        [Optional(), Length(max=1000, message="最多 1000 个字。")],
        description="再次抽取必填，随抽取证明公布。",
        render_kw={"rows": 2},
    )
    public_name = text_field(
        "公开随机值", 200, hint="名称、期号写全，任何人都能查到，例如：中国体育彩票排列5 第 23180 期开奖号码。"
    )
    public_digits = IntegerField(
        "位数",
        [
            InputRequired("请填写整数。"),
            NumberRange(LEAST_DIGITS, MOST_DIGITS, f"须在 {LEAST_DIGITS} 至 {MOST_DIGITS} 之间。"),
        ],
        description="号码的数字个数，事先写定，避免不同写法。",
        render_kw={"inputmode": "numeric"},
    )
    public_at = MomentField(
        "可知时间（北京时间）",
        [DataRequired(NEEDED)],
        description="号码最早在此时公布。承诺与公开秘密值都须在此之前完成。",
        render_kw={"type": "datetime-local"},
    )
    auto_invite = BooleanField("有人谢绝或回避时，自动邀请下一位候补", default=True)

    def choices(self, modes: list[str]) -> PrepareForm:
        """Fill the lists: only what can be done now."""
        self.mode.choices = options([(mode, LABELS["draw_mode"][mode]) for mode in modes])
        self.cause.choices = options([("", "（仅重新组建时选择）"), *LABELS["redraw_cause"].items()])
        return self


def read_relations(form: MultiDict[str, str]) -> dict[str, Relation]:
    """`relation-<candidate>` and `detail-<candidate>`; a vendor without a choice stays missing."""
    found = {}
    for name, kind in form.items():
        if name.startswith("relation-") and kind:
            ref = name.removeprefix("relation-")
            found[ref] = Relation(kind[:20], form.get(f"detail-{ref}", "")[:1000])
    return found


def read_due(text: str) -> datetime | None:
    """An optional moment; raises Refusal `panel_time_shape` for one that can't be read."""
    if not text.strip():
        return None
    moment = read_moment(text)
    if moment is None:
        raise Refusal("panel_time_shape", field="due_at")
    return moment


def read_day(text: str) -> date | None:
    """An optional day; raises Refusal `fee_date_shape`."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal("fee_date_shape", field="attended_on") from None
