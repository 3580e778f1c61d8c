"""Routes of the feature `publication`."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("publication", __name__)
