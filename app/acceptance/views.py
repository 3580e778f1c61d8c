"""Routes of the feature `acceptance`."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("acceptance", __name__)
