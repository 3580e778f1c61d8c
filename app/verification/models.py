"""The reports of the verification portal, kept for a day under an id that nobody can guess."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.columns import Identified, UTCDateTime
from evaluation.models import Base


class Verification(Identified, Base):
    """One report (验真报告) of the portal. The file that was verified is not kept."""

    __tablename__ = "verification"

    name: Mapped[str] = mapped_column(String(255))
    #: The report of `app.verification.examine`, with the pictures of the stamps.
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)
