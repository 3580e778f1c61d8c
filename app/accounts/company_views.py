"""Routes of a vendor's own house."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.accounts import company, invitations
from app.accounts.forms import AgentForm, ColleagueForm, CompanyForm, refused
from app.accounts.models import Invitation, Organisation, User
from app.accounts.views import bp, me
from app.choices import options
from app.concurrency import check_version
from app.errors import Refusal
from app.routing import current_actor, load, permit

Answer = Any


@bp.get("/company")
@permit("company.own")
def my_company() -> Answer:
    """To the page of the company that the person acts for."""
    organisation = company.own(me())
    if organisation is None:
        return redirect(url_for("accounts.profile"), 303)
    return redirect(url_for("accounts.company_page", organisation=organisation.public_id), 303)


def _page(
    organisation: Organisation, *, status: int = 200, link: str = "", guest: str = "", **forms: Any
) -> Answer:
    people = company.members(organisation)
    agent = forms.get("agent") or AgentForm()
    agent.user.choices = options([(row.user.public_id, row.user.name) for row in people if not row.is_agent])
    return render_template(
        "accounts/company.html",
        organisation=organisation,
        people=people,
        pending=invitations.open_invitations(organisation),
        manages=any(row.user_id == me().id and row.can_manage for row in people),
        member=any(row.user_id == me().id for row in people),
        colleague=forms.get("colleague") or ColleagueForm(formdata=None),
        data=forms.get("data") or CompanyForm(formdata=None, obj=organisation),
        agent=agent,
        link=link,
        guest=guest,
    ), status


@bp.get("/company/<organisation>")
@permit("company.read")
def company_page(organisation: Organisation) -> Answer:
    """Members, invitations and the authorised agent of one body."""
    return _page(organisation)


@bp.post("/company/<organisation>")
@permit("company.manage")
def edit_company(organisation: Organisation) -> Answer:
    """Correct the company's data."""
    form = CompanyForm()
    if not form.validate_on_submit():
        return _page(organisation, status=422, data=form)
    shown = {
        "单位名称": organisation.name,
        "法定代表人": organisation.legal_representative,
        "单位地址": organisation.address,
    }
    typed = dict(zip(shown, (form.name.data, form.legal_representative.data, form.address.data), strict=True))
    check_version(organisation, request.form.get("version"), current=shown, submitted=typed)
    company.edit(
        actor=current_actor(),
        organisation=organisation,
        name=form.name.data,
        legal_representative=form.legal_representative.data,
        address=form.address.data or "",
    )
    flash("单位信息已保存。", "success")
    return _back(organisation)


def _back(organisation: Organisation) -> Answer:
    return redirect(url_for("accounts.company_page", organisation=organisation.public_id), 303)


@bp.post("/company/<organisation>/invitations")
@permit("company.manage")
def invite_colleague(organisation: Organisation) -> Answer:
    """A one-time link for a colleague, shown once."""
    form = ColleagueForm()
    if not form.validate_on_submit():
        return _page(organisation, status=422, colleague=form)
    try:
        _row, link = company.invite_colleague(
            actor=current_actor(), organisation=organisation, email=form.email.data, name=form.name.data
        )
    except Refusal as error:
        return _page(organisation, status=refused(form, error), colleague=form)
    return _page(organisation, link=link, guest=form.name.data)


@bp.post("/invitation/<invitation>/withdraw")
@permit("invitation.withdraw")
def withdraw_invitation(invitation: Invitation) -> Answer:
    """Take a link back."""
    if invitation.purpose == "member" and current_actor().role != "admin":
        assert invitation.organisation is not None
        company.must_manage(current_actor(), invitation.organisation)
    invitations.withdraw(actor=current_actor(invitation.recruitment), invitation=invitation)
    flash("邀请已撤回，原链接不能再使用。", "success")
    if invitation.purpose == "member" and invitation.organisation is not None:
        return _back(invitation.organisation)
    if current_actor().role == "admin":
        return redirect(url_for("accounts.invitations_list"), 303)
    return redirect(url_for("portal.home"), 303)


@bp.post("/company/<organisation>/agent")
@permit("company.manage")
def change_agent(organisation: Organisation) -> Answer:
    """Name another authorised agent."""
    form = AgentForm()
    form.user.choices = options(
        [(row.user.public_id, row.user.name) for row in company.members(organisation)]
    )
    if not form.validate_on_submit():
        return _page(organisation, status=422, agent=form)
    user = load(User, form.user.data)
    company.change_agent(
        actor=current_actor(), organisation=organisation, user=user, note=form.note.data or ""
    )
    flash(f"被授权人已变更为{user.name}。", "success")
    return _back(organisation)


@bp.post("/company/<organisation>/members/<member>/manager")
@permit("company.manage")
def set_manager(organisation: Organisation, member: str) -> Answer:
    """Let a member manage the company, or no longer."""
    manager = request.form.get("manager") == "yes"
    user = load(User, member)
    company.set_manager(actor=current_actor(), organisation=organisation, user=user, manager=manager)
    flash(f"{user.name}{'已成为管理人' if manager else '不再是管理人'}。", "success")
    return _back(organisation)


@bp.post("/company/<organisation>/members/<member>/leave")
@permit("company.manage")
def leave(organisation: Organisation, member: str) -> Answer:
    """A member leaves, or a manager takes one out."""
    user = load(User, member)
    company.leave(actor=current_actor(), organisation=organisation, user=user)
    if user.id == me().id:
        flash(f"您已退出{organisation.name}。", "success")
        return redirect(url_for("accounts.profile"), 303)
    flash(f"{user.name}已退出本单位。", "success")
    return _back(organisation)
