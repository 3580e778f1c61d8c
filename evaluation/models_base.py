"""The declarative base of all tables of the house, and how their constraints are named."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base of all tables of the house."""

    metadata = MetaData(naming_convention=NAMING)


def stages(*names: str, name: str = "stage_known") -> CheckConstraint:
    """The database knows a thing's stages too."""
    listed = ", ".join(f"'{stage}'" for stage in names)
    return CheckConstraint(f"stage IN ({listed})", name=name)
