"""Routes of the feature `accounts`: coming in, the own account, messages, invitations."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user, logout_user
from sqlalchemy import func, select, update

from app import clock
from app.accounts import company, duties, invitations, sessions
from app.accounts.forms import (
    AccountForm,
    LoginForm,
    PasswordForm,
    ProfileForm,
    RegistrationForm,
    ResetForm,
    refused,
)
from app.accounts.invitations import NewAccount
from app.accounts.models import Invitation, Membership, Message, User
from app.concurrency import check_version
from app.errors import Refusal
from app.extensions import action, db, limiter
from app.routing import current_actor, permit
from app.templating import paginate
from evaluation.errors import EvaluationError

bp = Blueprint("accounts", __name__)
POSTS = "30 per minute"

Answer = Any


def me() -> User:
    """The logged-in person."""
    person: User = current_user._get_current_object()
    return person


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit(POSTS, methods=["POST"])
@permit("account.login")
def login() -> Answer:
    """The login page; on success back to where the person wanted to go."""
    target = sessions.safe_target(request.args.get("next")) or url_for("portal.my_work")
    if current_user.is_authenticated and request.method == "GET":
        return redirect(target, 303)
    form, status = LoginForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                user = sessions.authenticate(
                    form.login.data or "", form.password.data or "", request.remote_addr or ""
                )
            except Refusal as error:
                status = refused(form, error)
            else:
                sessions.begin(user)
                return redirect(target, 303)
    return render_template("accounts/login.html", form=form, target=request.args.get("next", "")), status


@bp.post("/logout")
@permit("account.login")
def logout() -> Answer:
    """End this session. Asking twice, or from an ended session, is no error."""
    logout_user()
    sessions.session.clear()
    flash("您已退出登录。", "success")
    return redirect(url_for("accounts.login"), 303)


@bp.route("/register", methods=["GET", "POST"])
@limiter.limit(POSTS, methods=["POST"])
@permit("account.register")
def register() -> Answer:
    """A vendor registers itself."""
    if current_user.is_authenticated:
        flash("您已登录。如需为另一家服务商注册，请先退出。", "warning")
        return redirect(url_for("accounts.profile"), 303)
    form, status = RegistrationForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                organisation, user = company.register(
                    company=company.NewCompany(
                        form.company.data,
                        form.credit_code.data,
                        form.legal_representative.data,
                        form.address.data or "",
                    ),
                    account=_account(form),
                    address=request.remote_addr or "",
                )
            except EvaluationError as error:
                status = refused(form, error, field="credit_code")
            except Refusal as error:
                status = refused(form, error)
            else:
                sessions.begin(user)
                flash(f"{organisation.name} 注册成功。", "success")
                return redirect(url_for("accounts.company_page", organisation=organisation.public_id), 303)
    return render_template("accounts/register.html", form=form), status


def _account(form: AccountForm) -> NewAccount:
    return NewAccount(
        form.login.data or "",
        form.name.data or "",
        form.email.data or "",
        form.phone.data or "",
        form.password.data or "",
    )


@bp.route("/account", methods=["GET", "POST"])
@permit("account.own")
def profile() -> Answer:
    """The own data, bodies and roles."""
    user = me()
    form, status = ProfileForm(obj=user), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            shown = {"姓名": user.name, "电子邮箱": user.email, "联系电话": user.phone}
            typed = dict(zip(shown, (form.name.data, form.email.data, form.phone.data), strict=True))
            check_version(user, request.form.get("version"), current=shown, submitted=typed)
            sessions.edit_profile(
                actor=current_actor(),
                user=user,
                name=form.name.data,
                email=form.email.data or "",
                phone=form.phone.data or "",
            )
            flash("个人信息已保存。", "success")
            return redirect(url_for("accounts.profile"), 303)
    roles = db.session.scalars(
        select(Membership).where(Membership.user_id == user.id).order_by(Membership.id.desc())
    ).all()
    return render_template(
        "accounts/profile.html", form=form, roles=roles, bodies=duties.organisations(user)
    ), status


@bp.route("/account/password", methods=["GET", "POST"])
@limiter.limit(POSTS, methods=["POST"])
@permit("account.own")
def password() -> Answer:
    """Change the own password; other sessions end."""
    form, status = PasswordForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                user = sessions.change_password(
                    actor=current_actor(), current=form.current.data or "", new=form.password.data or ""
                )
            except Refusal as error:
                status = refused(form, error)
            else:
                sessions.begin(user)
                flash("密码已更换，您在其他设备上的登录已全部退出。", "success")
                return redirect(url_for("accounts.profile"), 303)
    return render_template("accounts/password.html", form=form), status


@bp.get("/messages")
@permit("account.own")
def messages() -> Answer:
    """The own messages, newest first."""
    query = select(Message).where(Message.user_id == me().id)
    unread_only = request.args.get("show") == "unread"
    if unread_only:
        query = query.where(Message.read_at.is_(None))
    page = paginate(query.order_by(Message.id.desc()), size=30)
    unread_count = db.session.scalar(
        select(func.count()).where(Message.user_id == me().id, Message.read_at.is_(None))
    )
    return render_template("accounts/messages.html", page=page, unread_only=unread_only, unread_count=unread_count)


@action
def _mark(statement: Any) -> None:
    db.session.execute(statement.values(read_at=clock.now()))


@bp.post("/messages/<message>")
@permit("message.read")
def open_message(message: Message) -> Answer:
    """Mark one message as read and go to what it is about."""
    target = sessions.safe_target(message.link) or url_for("accounts.messages")
    _mark(update(Message).where(Message.id == message.id, Message.read_at.is_(None)))
    return redirect(target, 303)


@bp.post("/messages/read")
@permit("account.own")
def read_all() -> Answer:
    """Mark every own message as read."""
    _mark(update(Message).where(Message.user_id == me().id, Message.read_at.is_(None)))
    flash("全部消息已标为已读。", "success")
    return redirect(url_for("accounts.messages"), 303)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@limiter.limit(POSTS, methods=["POST"])
@permit("account.accept")
def accept(token: str) -> Answer:
    """What a one-time link offers, and taking it: with a new account, the logged-in one, or a new password."""
    row = invitations.find(token)
    reset, status = row.purpose == "reset", 200
    form = ResetForm() if reset else AccountForm(data={"name": row.name, "email": row.email})
    joins = current_user.is_authenticated and not reset
    if request.method == "POST" and joins:
        invitations.accept_mine(token=token, actor=current_actor())
        flash("您已接受邀请。", "success")
        return redirect(_landing(row), 303)
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            address = request.remote_addr or ""
            try:
                if isinstance(form, ResetForm):
                    user = invitations.accept_reset(
                        token=token, password=form.password.data or "", address=address
                    )
                else:
                    user = invitations.accept_new(token=token, account=_account(form), address=address)
            except invitations.Gone:
                raise
            except Refusal as error:
                status = refused(form, error)
            else:
                sessions.begin(user)
                flash("新密码已设置。" if reset else "账号已建立，邀请已接受。", "success")
                return redirect(_landing(row), 303)
    return render_template("accounts/accept.html", form=form, row=row, token=token, joins=joins), status


def _landing(row: Invitation) -> str:
    """Where an invited person goes on: an expert to the seat that waits for an answer."""
    return url_for("panel.mine") if row.purpose == "expert" else url_for("accounts.profile")


from app.accounts import admin_views, company_views, log_views  # noqa: E402 - they add their routes to `bp`

__all__ = ["admin_views", "bp", "company_views", "log_views"]
