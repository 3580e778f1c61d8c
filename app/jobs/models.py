"""The outbox: work that a transaction orders and a background worker does after the commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.publication.models import Recruitment
from evaluation.columns import Identified, UTCDateTime
from evaluation.models import Base


class OutboxItem(Identified, Base):
    """One ordered piece of work; its public id is the id of the durable workflow that does it."""

    __tablename__ = "outbox_item"
    __table_args__ = (
        CheckConstraint("stage IN ('waiting', 'handed', 'done', 'failed')", name="stage_known"),
    )

    kind: Mapped[str] = mapped_column(String(60), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    stage: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    recruitment_id: Mapped[int | None] = mapped_column(ForeignKey("recruitment.id"), index=True)
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ordered_at: Mapped[datetime] = mapped_column(UTCDateTime())
    handed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    tries: Mapped[int] = mapped_column(Integer, default=0)
    progress: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str] = mapped_column(Text, default="")

    recruitment: Mapped[Recruitment | None] = relationship()
    ordered_by: Mapped[User | None] = relationship()

    @property
    def user_id(self) -> int | None:
        """Who ordered it stands to it as `self` in the permission table."""
        return self.ordered_by_id


class JobExecutor(Base):
    """A running worker process. Who stops refreshing `seen_at` is dead, and another takes its work over."""

    __tablename__ = "job_executor"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime())
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)
