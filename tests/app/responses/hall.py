"""A recruitment that takes responses, with a vendor at work; and small files of every kind."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pypdfium2

from app.accounts.models import Organisation, User
from app.audit import Actor
from app.publication.models import Recruitment
from app.responses import actions
from app.responses.models import Response, ResponseFile
from tests import factories


def pdf(pages: int = 1, pad: int = 0) -> bytes:
    """A readable PDF; `pad` more bytes of comment inside it."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(200, 200)
    out = io.BytesIO()
    document.save(out)
    data = out.getvalue()
    return data + (b"%" + b"x" * pad + b"\n%%EOF\n" if pad else b"")


@dataclass
class Hall:
    """Ids and rows of the making; `response` of the first vendor."""

    recruitment: Recruitment
    organisation: Organisation
    user: User
    vendor: Actor
    response: Response

    def add(self, item: str = "1", data: bytes | None = None, name: str = "样例.pdf") -> ResponseFile:
        """Put a file into the package."""
        return actions.add_file(
            actor=self.vendor, response=self.response, item=item, name=name, source=io.BytesIO(data or pdf())
        )

    def submit(self) -> Any:
        """Submit the package as it stands, missing items confirmed."""
        return submit(self.vendor, self.response)


def submit(vendor: Actor, response: Response) -> Any:
    """Submit a package as it stands."""
    seen = actions.digest_of(actions.manifest(response))
    return actions.submit(actor=vendor, response=response, seen_sm3=seen, accept_missing=True)


def make_hall(**columns: Any) -> Hall:
    """A recruitment of the Hainan plan whose responses are open at the hand clock's start."""
    recruitment = factories.make_recruitment(**columns)
    organisation, user = factories.make_vendor()
    return enter(recruitment, organisation, user)


def enter(recruitment: Recruitment, organisation: Organisation, user: User) -> Hall:
    """Another vendor begins its response."""
    vendor = factories.actor(user, "vendor")
    response = actions.begin(actor=vendor, recruitment=recruitment, organisation=organisation)
    return Hall(recruitment, organisation, user, vendor, response)
