"""Sealed papers under the installation's own trial authority, and their tampered twins."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.acceptance.authority import trial_authority
from seal_core import PdfProfile, make_seal, sign_data, sign_ofd, sign_pdf
from seal_core.ofd.write import pack, write_text
from seal_core.placement import Placement
from tests.seal_core.making import Holder, holder, png
from tests.seal_core.test_pdf import blank

__all__ = ["Papers", "blank", "changed", "papers"]


@dataclass(frozen=True)
class Papers:
    """A unit with its seal, all issued two days before `now`."""

    now: datetime
    unit: Holder
    maker: Holder

    def seal(self, picture: bytes | None = None, kind: str = "PNG") -> bytes:
        return self._seal(picture, kind).raw

    def _seal(self, picture: bytes | None = None, kind: str = "PNG"):  # type: ignore[no-untyped-def]
        born = self.now - timedelta(days=2)
        return make_seal(
            id="46010000000018", name=f"{self.unit.certificate.common_name}印章", picture=picture or png(60, 60),
            picture_type=kind, width_mm=40, height_mm=40, holders=[self.unit.certificate], maker=self.maker.key,
            maker_certificate=self.maker.certificate, created=born, valid_from=born,
            valid_to=born + timedelta(days=300),
        )

    def ofd(self, picture: bytes | None = None, kind: str = "PNG") -> bytes:
        return sign_ofd(
            write_text("样例承诺书\n本单位承诺所提交的材料真实有效。", now=self.now), signer=self.unit.key,
            certificate=self.unit.certificate, seal=self._seal(picture, kind), now=self.now - timedelta(hours=1),
            placements=[Placement(1, 140, 230)],
        )

    def pdf(self, profile: PdfProfile = PdfProfile.SEAL) -> bytes:
        return sign_pdf(
            blank(1), signer=self.unit.key, certificate=self.unit.certificate, seal=self._seal(), profile=profile,
            now=self.now - timedelta(hours=1), placements=[Placement(1, 140, 230)],
        )

    def p7(self, content: bytes) -> bytes:
        return sign_data(
            content, self.unit.key, self.unit.certificate, detached=True, signed_at=self.now - timedelta(hours=1)
        )


def papers(now: datetime, unit: str = "样例数据有限公司") -> Papers:
    """Call within an application context."""
    ca, born = trial_authority(), now - timedelta(days=2)
    return Papers(now, holder(ca, unit, now=born), holder(ca, "样例制章单位", now=born))


def changed(ofd: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The package with its files changed."""
    with zipfile.ZipFile(io.BytesIO(ofd)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    return pack(files)
