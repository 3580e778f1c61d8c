"""The shape of what is entered around a plan; the plan's own fields come from the plan (`fields.py`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from app import clock
from app.accounts.forms import NEEDED, text_field

MAX_PLAN_BYTES = 1024 * 1024
LONG = 8000


def long_text(label: str, *, required: bool = True, rows: int = 4, hint: str = "") -> TextAreaField:
    """Several lines of text."""
    checks: list[Any] = [DataRequired(NEEDED)] if required else [Optional()]
    return TextAreaField(
        label,
        [*checks, Length(max=LONG, message=f"最多 {LONG} 个字。")],
        description=hint,
        render_kw={"rows": rows},
    )


class CreateForm(FlaskForm):
    """A new recruitment from a shipped plan, an uploaded file, or the plan of an earlier round."""

    source = SelectField("使用的方案")
    file = FileField("方案文件（TOML，选择“上传方案文件”时必填）", render_kw={"accept": ".toml"})
    title = text_field("项目名称", 200, required=False, hint="不填则用方案中的名称。")
    opens = DateField(
        "响应文件递交开始日",
        [Optional()],
        description="填写后，方案中的全部日期按此整体顺延，之后仍可逐项修改；不填则用方案中的日期。",
    )
    organiser = SelectField("招募方单位")
    previous = SelectField("上一轮招募", [Optional()], description="入选家数不足、再次招募时选择。")


class UploadForm(FlaskForm):
    file = FileField("方案文件（TOML）", render_kw={"accept": ".toml", "required": True})


class SupplementForm(FlaskForm):
    """A new supplement for something that the linter found."""

    finding = SelectField("所处理的检查结果", [DataRequired(NEEDED)])
    title = text_field("标题", 200)
    text = long_text("公布的说明")
    value = TextAreaField(
        "生效的值",
        [Optional(), Length(max=LONG)],
        description="填写后，方案中该处按此值执行；只作说明、不改数值的留空。",
        render_kw={"rows": 2},
    )


class AmendmentForm(FlaskForm):
    title = text_field("公告标题", 200)
    text = long_text("公告正文", rows=8)
    touches_responses = BooleanField("涉及响应文件的内容（已递交的服务商须确认或替换）")
    new_closes_at = DateTimeLocalField(
        "新的递交截止时间（北京时间）",
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        description="不改变则留空；须晚于现在的截止时间，对所有服务商相同。",
    )

    @property
    def closes(self) -> datetime | None:
        """The new closing time as an instant."""
        value = self.new_closes_at.data
        return clock.at(value.date(), value.time()) if value is not None else None


class QuestionForm(FlaskForm):
    place = StringField(
        "所问的条款",
        [Optional(), Length(max=80, message="最多 80 个字。")],
        description="例如“综合评分表第 5 项”，可不填。",
    )
    text = TextAreaField(
        "问题",
        [DataRequired(NEEDED), Length(max=2000, message="最多 2000 个字。")],
        description="问题和答复将对所有人公布，不显示提问人；请勿写入本单位名称等信息。",
        render_kw={"rows": 4},
    )


class ChannelForm(FlaskForm):
    channel = SelectField("发布渠道", [DataRequired(NEEDED)])
    url = StringField("公告网址", [Optional(), Length(max=500, message="最多 500 个字。")])
    note = TextAreaField("说明", [Optional(), Length(max=2000, message="最多 2000 个字。")], render_kw={"rows": 2})
    file = FileField("证明文件（网页截图或 PDF，可不传）", render_kw={"accept": ".pdf,.png,.jpg,.jpeg"})
