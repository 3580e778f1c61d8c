"""Routes of the expert's own forms: printed, and signed with the seat's key."""

from __future__ import annotations

from typing import Any

from flask import flash

from app.publication.models import Recruitment
from app.review.common import review_of, seat_for
from app.review.own_forms import sign_forms
from app.review.unlocking import signing_actor
from app.review.views import back, bp
from app.routing import current_actor, permit


@bp.post("/forms")
@permit("review.desk")
def sign_own_forms(recruitment: Recruitment) -> Any:
    """Print everything that the own seat has signed, and sign the PDF."""
    seat = seat_for(current_actor(recruitment), review_of(recruitment))
    sign_forms(actor=signing_actor(recruitment), recruitment=recruitment, seat=seat)
    flash("签署表已生成并以席位证书签名，可以下载，也可以在验真页面核对。", "success")
    return back("review.desk", recruitment)
