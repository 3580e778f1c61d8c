"""Routes of the administrator: accounts, bodies, roles in recruitments, login history, settings."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app import clock
from app.accounts import administration, duties, invitations, sessions
from app.accounts.forms import InviteForm, MemberForm, OrganisationForm, ProfileForm, refused
from app.accounts.log_queries import hides_experts
from app.accounts.models import (
    Invitation,
    LoginAttempt,
    Membership,
    Organisation,
    OrganisationMember,
    User,
)
from app.accounts.views import bp
from app.choices import options
from app.concurrency import check_version
from app.errors import Refusal
from app.extensions import db
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from app.templating import paginate
from app.wording import label

Answer = Any
#: What an administrator may see of the settings: nothing that opens anything.
SHOWN_SETTINGS = (
    "data",
    "host",
    "port",
    "public_base",
    "threads",
    "secure_cookies",
    "trusted_proxies",
    "max_file_bytes",
    "chunk_bytes",
    "session_hours",
    "login_tries",
    "login_window_minutes",
    "rate_limits",
    "mail",
    "mail_from",
    "smtp_host",
    "smtp_port",
    "smtp_starttls",
    "blob_store",
    "s3_bucket",
    "trust_folder",
    "verify_max_bytes",
    "verify_at_once",
    "verify_keep_hours",
    "holidays_file",
    "jobs",
)


def _asked(name: str = "q") -> str:
    return request.args.get(name, "").strip()[:100]


@bp.get("/admin/accounts")
@permit("account.manage")
def people() -> Answer:
    """All accounts: search by name, login, e-mail or body."""
    query = (
        select(User)
        .options(
            selectinload(User.organisations).joinedload(OrganisationMember.organisation),
            selectinload(User.memberships),
        )
        .order_by(User.name, User.id)
    )
    if words := _asked():
        bodies = (
            select(OrganisationMember.user_id)
            .join(Organisation)
            .where(OrganisationMember.left_at.is_(None), Organisation.name.icontains(words, autoescape=True))
        )
        query = query.where(
            or_(
                User.name.icontains(words, autoescape=True),
                User.login.icontains(words, autoescape=True),
                User.email.icontains(words, autoescape=True),
                User.id.in_(bodies),
            )
        )
    state = request.args.get("state")
    if state == "disabled":
        query = query.where(User.is_disabled.is_(True))
    elif state == "admin":
        query = query.where(User.is_admin.is_(True))
    return render_template("accounts/people.html", page=paginate(query), words=words, state=state)


def _person(user: User, *, status: int = 200, link: str = "", form: Any = None) -> Answer:
    attempts = db.session.scalars(
        select(LoginAttempt)
        .where(LoginAttempt.login == user.login)
        .order_by(LoginAttempt.id.desc())
        .limit(20)
    ).all()
    roles = db.session.scalars(
        select(Membership)
        .options(joinedload(Membership.recruitment))
        .where(Membership.user_id == user.id)
        .order_by(Membership.id.desc())
    ).all()
    roles = [row for row in roles if row.role != "expert" or not hides_experts(row.recruitment)]
    return render_template(
        "accounts/person.html",
        user=user,
        roles=roles,
        bodies=duties.organisations(user),
        attempts=attempts,
        link=link,
        form=form or ProfileForm(formdata=None, obj=user),
    ), status


@bp.get("/admin/accounts/<user>")
@permit("account.manage")
def person(user: User) -> Answer:
    """One account."""
    return _person(user)


@bp.post("/admin/accounts/<user>")
@permit("account.manage")
def edit_person(user: User) -> Answer:
    """Correct a person's name, e-mail, telephone."""
    form = ProfileForm()
    if not form.validate_on_submit():
        return _person(user, status=422, form=form)
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
    flash("账号信息已保存。", "success")
    return redirect(url_for("accounts.person", user=user.public_id), 303)


@bp.post("/admin/accounts/<user>/disable")
@permit("account.manage")
def disable_person(user: User) -> Answer:
    """Close an account."""
    administration.disable(actor=current_actor(), user=user, reason=request.form.get("reason", ""))
    flash("账号已停用，其登录已全部退出。", "success")
    return redirect(url_for("accounts.person", user=user.public_id), 303)


@bp.post("/admin/accounts/<user>/enable")
@permit("account.manage")
def enable_person(user: User) -> Answer:
    """Open an account again."""
    administration.enable(actor=current_actor(), user=user)
    flash("账号已启用。", "success")
    return redirect(url_for("accounts.person", user=user.public_id), 303)


@bp.post("/admin/accounts/<user>/reset")
@permit("account.manage")
def reset_person(user: User) -> Answer:
    """A one-time link for a new password, shown once."""
    _row, link = administration.reset_link(actor=current_actor(), user=user)
    return _person(user, link=link)


def _invitations(form: InviteForm, *, status: int = 200, link: str = "") -> Answer:
    now = clock.now()
    query = (
        select(Invitation)
        .options(joinedload(Invitation.organisation), joinedload(Invitation.recruitment))
        .where(
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
            Invitation.purpose != "expert",
        )
        .order_by(Invitation.id.desc())
    )
    return render_template("accounts/invitations.html", page=paginate(query), form=form, link=link), status


def _invite_form(**kwargs: Any) -> InviteForm:
    form = InviteForm(**kwargs)
    form.role.choices = options([("", "请选择")] + [(role, label("role", role)) for role in duties.HOME])
    bodies = db.session.scalars(
        select(Organisation)
        .where(Organisation.kind != "vendor")
        .order_by(Organisation.kind, Organisation.name)
    )
    form.organisation.choices = options(
        [("", "请选择")]
        + [(body.public_id, f"{body.name}（{label('organisation', body.kind)}）") for body in bodies]
    )
    form.recruitment.choices = options(
        [("", "暂不加入项目")] + [(row.public_id, row.title) for row in _running()]
    )
    return form


def _running() -> list[Recruitment]:
    query = select(Recruitment).where(Recruitment.stage.not_in(duties.ENDED)).order_by(Recruitment.id.desc())
    return list(db.session.scalars(query))


@bp.get("/admin/invitations")
@permit("account.manage")
def invitations_list() -> Answer:
    """Open invitations, and the form for a new one."""
    return _invitations(_invite_form(formdata=None))


@bp.post("/admin/invitations")
@permit("account.manage")
def invite_person() -> Answer:
    """Invite staff, a supervisor or an operator."""
    form = _invite_form()
    if not form.validate_on_submit():
        return _invitations(form, status=422)
    body = db.session.scalar(select(Organisation).where(Organisation.public_id == form.organisation.data))
    recruitment = db.session.scalar(select(Recruitment).where(Recruitment.public_id == form.recruitment.data))
    actor = current_actor()
    try:
        _row, link = invitations.invite(
            purpose=form.role.data,
            email=form.email.data,
            name=form.name.data,
            organisation=body,
            recruitment=recruitment,
            created_by=actor.user,
            actor=actor,
        )
    except Refusal as error:
        return _invitations(form, status=refused(form, error, field="organisation"))
    return _invitations(_invite_form(formdata=None), link=link)


@bp.get("/admin/organisations")
@permit("account.manage")
def organisations() -> Answer:
    """All bodies, vendors among them."""
    return _organisations(_organisation_form(formdata=None))


def _organisation_form(**kwargs: Any) -> OrganisationForm:
    form = OrganisationForm(**kwargs)
    form.kind.choices = options(
        [(kind, label("organisation", kind)) for kind in ("organiser", "supervision", "platform")]
    )
    return form


def _organisations(form: OrganisationForm, status: int = 200) -> Answer:
    query = select(Organisation).order_by(Organisation.kind, Organisation.name)
    if words := _asked():
        query = query.where(
            or_(
                Organisation.name.icontains(words, autoescape=True),
                Organisation.credit_code.icontains(words, autoescape=True),
            )
        )
    page = paginate(query)
    counted = (
        select(OrganisationMember.organisation_id, func.count())
        .where(
            OrganisationMember.left_at.is_(None),
            OrganisationMember.organisation_id.in_([row.id for row in page.items]),
        )
        .group_by(OrganisationMember.organisation_id)
    )
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    return render_template(
        "accounts/organisations.html", page=page, counts=counts, words=words, form=form
    ), status


@bp.post("/admin/organisations")
@permit("account.manage")
def add_organisation() -> Answer:
    """Add an organiser, a supervising body or a platform."""
    form = _organisation_form()
    if not form.validate_on_submit():
        return _organisations(form, 422)
    try:
        row = administration.add_organisation(
            actor=current_actor(), kind=form.kind.data, name=form.name.data, address=form.address.data or ""
        )
    except Refusal as error:
        return _organisations(form, refused(form, error))
    flash(f"已添加单位“{row.name}”。", "success")
    return redirect(url_for("accounts.organisations"), 303)


@bp.get("/admin/recruitments")
@permit("account.manage")
def recruitments() -> Answer:
    """Recruitments, to see and give the roles in them."""
    page = paginate(select(Recruitment).order_by(Recruitment.id.desc()))
    counted = (
        select(Membership.recruitment_id, func.count())
        .where(
            Membership.ended_at.is_(None),
            Membership.role != "expert",
            Membership.recruitment_id.in_([row.id for row in page.items]),
        )
        .group_by(Membership.recruitment_id)
    )
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    return render_template("accounts/recruitments.html", page=page, counts=counts)


def _members(recruitment: Recruitment, form: MemberForm, status: int = 200) -> Answer:
    query = (
        select(Membership)
        .options(joinedload(Membership.user), joinedload(Membership.organisation))
        .where(Membership.recruitment_id == recruitment.id)
        .order_by(Membership.ended_at.is_not(None), Membership.role, Membership.id)
    )
    hidden = hides_experts(recruitment)
    if hidden:
        # Who sits on the panel is confidential until the results; an administrator need not know.
        query = query.where(Membership.role != "expert")
    return render_template(
        "accounts/roles.html", recruitment=recruitment, page=paginate(query), form=form, hidden=hidden
    ), status


def _member_form(**kwargs: Any) -> MemberForm:
    form = MemberForm(**kwargs)
    form.role.choices = options([(role, label("role", role)) for role in duties.HOME])
    return form


@bp.get("/admin/recruitments/<recruitment>/roles")
@permit("account.manage")
def roles(recruitment: Recruitment) -> Answer:
    """Who is what in one recruitment."""
    return _members(recruitment, _member_form(formdata=None))


@bp.post("/admin/recruitments/<recruitment>/roles")
@permit("account.manage")
def add_role(recruitment: Recruitment) -> Answer:
    """Give a known account a role."""
    form = _member_form()
    if not form.validate_on_submit():
        return _members(recruitment, form, 422)
    try:
        row = administration.add_member(
            actor=current_actor(), recruitment=recruitment, login=form.login.data, role=form.role.data
        )
    except Refusal as error:
        return _members(recruitment, form, refused(form, error, field=error.field or "login"))
    flash(f"{row.user.name}已加入本项目，角色：{label('role', row.role)}。", "success")
    return redirect(url_for("accounts.roles", recruitment=recruitment.public_id), 303)


@bp.post("/admin/recruitments/<recruitment>/roles/<user>/end")
@permit("account.manage")
def end_role(recruitment: Recruitment, user: User) -> Answer:
    """End a person's role."""
    administration.end_member(
        actor=current_actor(), recruitment=recruitment, user=user, reason=request.form.get("reason", "")
    )
    flash(f"{user.name}在本项目的角色已终止。", "success")
    return redirect(url_for("accounts.roles", recruitment=recruitment.public_id), 303)


@bp.get("/admin/logins")
@permit("account.manage")
def logins() -> Answer:
    """The login history: who came in or failed, when, from where."""
    query = select(LoginAttempt).order_by(LoginAttempt.id.desc())
    if words := _asked():
        query = query.where(
            or_(LoginAttempt.login.icontains(words, autoescape=True), LoginAttempt.address == words)
        )
    if (state := request.args.get("state")) == "failed":
        query = query.where(LoginAttempt.succeeded.is_(False))
    return render_template("accounts/logins.html", page=paginate(query, size=100), words=words, state=state)


@bp.get("/admin/settings")
@permit("account.settings")
def settings() -> Answer:
    """The settings in force, without secrets."""
    found = current_app.config["SETTINGS"]
    rows = [(name, label("setting", name), getattr(found, name)) for name in SHOWN_SETTINGS]
    database = found.sqlalchemy_url.split(":", 1)[0].split("+")[0]
    return render_template("accounts/settings.html", rows=rows, database=database)
