"""The shape of what vendors and the counter type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, IntegerField, SelectField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from app import clock
from app.accounts.forms import NEEDED, phone_field, text_field
from app.responses.actions import DETAILS
from app.responses.counter import MOST_COPIES


class DetailsForm(FlaskForm):
    """Contact and certification authority; the dates of papers stand beside it, see `read_details`."""

    contact_name = text_field("联系人", 80, required=False, render_kw={"autocomplete": "name"})
    contact_phone = phone_field(required=False)
    ca_name = text_field(
        "电子认证服务机构（CA）名称", 200, required=False, hint="与许可证一致；本单位就是 CA 的填本单位名称。"
    )
    ca_licence = text_field("《电子认证服务许可证》编号", 80, required=False)
    is_ca = BooleanField("本单位就是电子认证服务机构（不是经授权的服务商）")


def read_details(form: MultiDict[str, str], items: list[str]) -> dict[str, dict[str, str]]:
    """The dates and remarks per item as the page names them: `since-3`, `note-3` …"""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        values = {name: form.get(f"{name}-{item}", "").strip() for name in DETAILS}
        found[item] = {name: value for name, value in values.items() if value}
    return found


class ArrivalForm(FlaskForm):
    """One paper package at the counter."""

    credit_code = text_field("统一社会信用代码", 40, required=False, hint="已注册的服务商自动带出名称；不清楚可不填。")
    vendor_name = text_field("服务商名称", 200, required=False, hint="未注册的单位按封套填写。")
    copies = IntegerField(
        "份数",
        [InputRequired(NEEDED), NumberRange(0, MOST_COPIES, message=f"份数须为 0 至 {MOST_COPIES}。")],
        render_kw={"min": 0, "max": MOST_COPIES},
    )
    sealed = BooleanField("密封完好，封口加盖骑缝章")
    envelope_ok = BooleanField("封套标注符合要求（项目名称、服务商名称、联系人、启封提示）")
    arrived_at = DateTimeLocalField(
        "送达时间（北京时间）",
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        description="不填即为服务器现在的时间。补登较早的时间须在备注中说明。",
    )
    delivered_by = text_field("送达人", 80, required=False)
    note = TextAreaField("备注", [Optional(), Length(max=2000, message="最多 2000 个字。")], render_kw={"rows": 2})

    def moment(self) -> datetime | None:
        """The typed wall-clock time as an instant, or None for the server's time."""
        typed: Any = self.arrived_at.data
        return clock.at(typed.date(), typed.time()) if typed is not None else None


class CorrectionForm(ArrivalForm):
    """A correction; the time of arrival stays."""

    arrived_at = None
    reason = TextAreaField(
        "更正理由", [DataRequired(NEEDED), Length(max=2000, message="最多 2000 个字。")], render_kw={"rows": 2}
    )


class DifferenceForm(FlaskForm):
    """Where paper and electronic files differ."""

    response = SelectField("服务商", [DataRequired(NEEDED)])
    item = SelectField("内容项", [DataRequired(NEEDED)])
    text = TextAreaField(
        "差异内容",
        [DataRequired(NEEDED), Length(max=4000, message="最多 4000 个字。")],
        description="写明纸质文件怎样、电子文件怎样。由另一人确认后计入，两种文件都保持不变。",
        render_kw={"rows": 3},
    )
