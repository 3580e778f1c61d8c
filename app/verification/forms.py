"""The shape of what the portal and the interface take."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SubmitField


class VerifyForm(FlaskForm):
    """A document, and what it signs where the signature stands in a file of its own."""

    file = FileField("要验证的文件")
    content = FileField("原文（可选）", description="只有签名与原文分开保存（.p7 或电子签章数据）时才需要。")
    send = SubmitField("验证")
