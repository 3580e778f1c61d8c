"""Telling people: a message in the application, and an e-mail that the outbox carries."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any

from flask import current_app

from app import clock
from app.accounts.models import Message, User
from app.audit import Actor, record
from app.config import Settings
from app.extensions import action, db
from app.jobs.registry import order
from app.publication.models import Recruitment

SMTP_SECONDS = 30


def notify(
    user: User,
    *,
    kind: str,
    subject: str,
    body: str,
    link: str = "",
    recruitment: Recruitment | None = None,
    urgency: int = 0,
    mail: bool = True,
) -> Message:
    """Write a message to one person, inside the caller's unit of work.

    `link` is a path of our own. Side effects: a message row; where the person has an address and `mail` is
    set, an outbox item "mail".
    """
    message = Message(
        user_id=user.id,
        recruitment_id=recruitment.id if recruitment is not None else None,
        kind=kind[:40],
        subject=subject[:200],
        body=body,
        link=link[:300],
        sent_at=clock.now(),
        urgency=urgency,
    )
    db.session.add(message)
    if mail and user.email:
        send_mail(user.email, user.name, subject=subject, body=body, link=link, recruitment=recruitment)
    db.session.flush()
    return message


def send_mail(
    address: str,
    name: str,
    *,
    subject: str,
    body: str,
    link: str = "",
    recruitment: Recruitment | None = None,
    actor: Actor | None = None,
) -> None:
    """Order one e-mail inside the caller's unit of work; it goes out after the commit."""
    if link.startswith("/"):
        link = current_app.config["SETTINGS"].public_base + link
    payload = {
        "to": address,
        "name": name,
        "subject": subject,
        "body": body,
        "link": link,
        "at": clock.now().isoformat(),
    }
    order("mail", payload, recruitment=recruitment, actor=actor)


@action
def remind(
    users: Iterable[User],
    *,
    kind: str,
    subject: str,
    body: str,
    link: str = "",
    recruitment: Recruitment | None = None,
    actor: Actor,
) -> int:
    """Remind everyone who is late, each once; returns how many. Side effects: messages, one event."""
    people = {user.id: user for user in users if not user.is_disabled}
    for user in people.values():
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment, urgency=1)
    if people:
        record(
            "reminder.sent",
            actor=actor,
            recruitment=recruitment,
            subject=recruitment,
            about=kind,
            people=[user.public_id for user in people.values()],
        )
    return len(people)


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def compose(payload: dict[str, Any], reference: str, settings: Settings) -> EmailMessage:
    """The e-mail of an ordered payload. The same order always makes the same Message-ID."""
    mail = EmailMessage()
    mail["From"] = formataddr(("印招", settings.mail_from))
    mail["To"] = formataddr((_one_line(payload["name"]), _one_line(payload["to"])))
    mail["Subject"] = _one_line(f"【印招】{payload['subject']}")
    mail["Date"] = format_datetime(datetime.fromisoformat(payload["at"]))
    mail["Message-ID"] = f"<{reference}@yinzhao>"
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"{payload['name']}：", "", payload["body"].strip()]
    if payload.get("link"):
        lines += ["", f"请打开：{payload['link']}"]
    lines += ["", "本邮件由系统自动发出，请勿直接回复。"]
    mail.set_content("\n".join(lines) + "\n")
    return mail


def deliver_mail(payload: dict[str, Any], reference: str) -> str:
    """Send one ordered e-mail as the settings say; returns how. A second run for a reference is harmless."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.mail == "none":
        return "none"
    mail = compose(payload, reference, settings)
    if settings.mail == "smtp":
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SMTP_SECONDS) as server:
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(mail)
        return "smtp"
    folder: Path = settings.data / "mail"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = clock.local(datetime.fromisoformat(payload["at"]))
    target = folder / f"{moment:%Y%m%d-%H%M%S}-{reference}.eml"
    partial = target.with_suffix(".part")
    partial.write_bytes(mail.as_bytes())
    partial.replace(target)
    return "file"
