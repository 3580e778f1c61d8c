"""The forms of accounts, companies and administration."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from app.accounts.passwords import LEAST, MOST
from app.errors import Refusal
from app.wording import sentence_for
from evaluation.errors import EvaluationError

NEEDED = "请填写此项。"
EMAIL = r"^[^@\s<>\"',;:\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"
PHONE = r"^[0-9+() \-]{5,40}$"


def one_line(_form: Any, field: Field) -> None:
    """No control characters: they have no place in a name and break headers and lists."""
    if any(not sign.isprintable() for sign in field.data or ""):
        raise ValidationError("不能包含换行或其他控制字符。")


def _strip(value: str | None) -> str | None:
    return value.strip() if isinstance(value, str) else value


def text_field(label: str, most: int, *, required: bool = True, hint: str = "", **kwargs: Any) -> StringField:
    """A line of text with its length."""
    checks: list[Any] = [DataRequired(NEEDED)] if required else [Optional()]
    return StringField(
        label,
        [*checks, Length(max=most, message=f"最多 {most} 个字。"), one_line],
        filters=[_strip],
        description=hint,
        **kwargs,
    )


def email_field(*, required: bool = True) -> StringField:
    """An e-mail address."""
    checks: list[Any] = [DataRequired(NEEDED)] if required else [Optional()]
    shape = Regexp(EMAIL, message="电子邮箱格式不正确，例如 name@example.cn。")
    rules = [Length(max=200, message="最多 200 个字。"), shape]
    return StringField(
        "电子邮箱", [*checks, *rules], filters=[_strip], render_kw={"type": "email", "autocomplete": "email"}
    )


def phone_field(*, required: bool = True) -> StringField:
    """A telephone number."""
    checks: list[Any] = [DataRequired(NEEDED)] if required else [Optional()]
    return StringField(
        "联系电话",
        [*checks, Regexp(PHONE, message="联系电话只能含数字、加号、括号、空格和短横线。")],
        filters=[_strip],
        render_kw={"type": "tel", "autocomplete": "tel"},
    )


def password_field(label: str, *, new: bool, hint: str = "") -> PasswordField:
    """A password; a new one shows its rule."""
    return PasswordField(
        label,
        [InputRequired(NEEDED), Length(max=MOST * 2, message=f"最多 {MOST} 个字符。")],
        description=hint,
        render_kw={"autocomplete": "new-password" if new else "current-password"},
    )


PASSWORD_HINT = f"至少 {LEAST} 个字符，不能与登录名相同，也不能是常见的弱密码。"


class _Repeats:
    """The second entry of a new password must be the same."""

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:  # type: ignore[attr-defined]
            raise ValidationError("两次输入的密码不一致。")


class LoginForm(FlaskForm):
    login = StringField(
        "登录名",
        [DataRequired(NEEDED), Length(max=80, message="最多 80 个字。")],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = password_field("密码", new=False)


class ProfileForm(FlaskForm):
    name = text_field("姓名", 80)
    email = email_field(required=False)
    phone = phone_field(required=False)


class PasswordForm(_Repeats, FlaskForm):
    current = password_field("现在的密码", new=False)
    password = password_field("新密码", new=True, hint=PASSWORD_HINT)
    again = password_field("再次输入新密码", new=True)


class ResetForm(_Repeats, FlaskForm):
    password = password_field("新密码", new=True, hint=PASSWORD_HINT)
    again = password_field("再次输入新密码", new=True)


class AccountForm(_Repeats, FlaskForm):
    """A new person."""

    name = text_field("姓名", 80, render_kw={"autocomplete": "name"})
    login = text_field(
        "登录名",
        80,
        hint="3 至 80 个字符，可用字母、数字和 . _ - @，不分大小写。",
        render_kw={"autocomplete": "username"},
    )
    email = email_field()
    phone = phone_field()
    password = password_field("密码", new=True, hint=PASSWORD_HINT)
    again = password_field("再次输入密码", new=True)


class RegistrationForm(AccountForm):
    """A vendor and its first person."""

    company = text_field("单位名称", 200, hint="与营业执照一致。", render_kw={"autocomplete": "organization"})
    credit_code = text_field("统一社会信用代码", 40, hint="18 位，见营业执照；最后一位是校验码，系统会核对。")
    legal_representative = text_field("法定代表人", 80)
    address = text_field("单位地址", 300, required=False)
    true_data = BooleanField(
        "以上内容真实，本人受本单位委托办理（注册人同时登记为管理人和被授权人）",
        [InputRequired("请勾选确认。")],
    )


class CompanyForm(FlaskForm):
    # Two forms of the page ask for a name; labels need ids of their own.
    name = text_field("单位名称", 200, id="company-name")
    legal_representative = text_field("法定代表人", 80)
    address = text_field("单位地址", 300, required=False)


class ColleagueForm(FlaskForm):
    name = text_field("姓名", 80)
    email = email_field()


class AgentForm(FlaskForm):
    user = SelectField("新的被授权人", [DataRequired(NEEDED)])
    note = TextAreaField(
        "授权依据",
        [DataRequired(NEEDED), Length(max=500, message="最多 500 个字。")],
        description="写明新授权委托书的日期、编号和签发人；纸质授权委托书须随响应文件提交。",
        render_kw={"rows": 3},
    )


class InviteForm(FlaskForm):
    """An administrator's invitation."""

    role = SelectField("角色", [DataRequired(NEEDED)])
    name = text_field("姓名", 80)
    email = email_field()
    organisation = SelectField("单位", [DataRequired(NEEDED)])
    recruitment = SelectField("加入的招募项目（可不选）", [Optional()])


class OrganisationForm(FlaskForm):
    kind = SelectField("类别", [DataRequired(NEEDED)])
    name = text_field("单位名称", 200)
    address = text_field("地址", 300, required=False)


class MemberForm(FlaskForm):
    login = text_field("登录名", 80)
    role = SelectField("角色", [DataRequired(NEEDED)])


def refused(form: FlaskForm, error: Refusal | EvaluationError, *, field: str = "") -> int:
    """Put a refusal beside its field (or above the form) and return the answer's status."""
    name = field or str(getattr(error, "field", ""))
    sentence = sentence_for(error)
    if name and name in form:
        form[name].errors = [*form[name].errors, sentence]
    else:
        form.form_errors = [*form.form_errors, sentence]
    return int(getattr(error, "status", 422))
